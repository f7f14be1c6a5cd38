/* intake.h - logs that come by HTTP: into the spool, and answered when they are durable
 *
 * Threads: the loop thread only.
 */
#ifndef SIFTD_API_INTAKE_H
#define SIFTD_API_INTAKE_H

#include "api/route.h"

route_handler_fn intake_paste;
route_handler_fn intake_upload;

#endif
