/* tus.h - uploads in parts: the tus protocol 1.0.0 with creation, expiration, checksum
 * and termination (tus.io/protocols/resumable-upload)
 *
 *	POST .../ingestions/{ingestion}/uploads  Upload-Length    -> 201 Location
 *	HEAD .../uploads/{upload}                                 -> 200 Upload-Offset
 *	PATCH .../uploads/{upload}  Upload-Offset, bytes          -> 204 Upload-Offset
 *	DELETE .../uploads/{upload}                               -> 204
 *
 * Threads: the loop thread; a part is checked and written on a query worker.
 * Limits: a part is a body (http.body_bytes_max); uploads.h for the rest. A part whose
 *         connection breaks is lost, and sent again.
 */
#ifndef SIFTD_API_TUS_H
#define SIFTD_API_TUS_H

#include "api/route.h"

route_handler_fn tus_create;
route_handler_fn tus_get;
route_handler_fn tus_append;
route_handler_fn tus_delete;

#endif
