/* sources.h - GET /sources: what the daemon's sources do, and their ledger
 *
 * Threads: the loop thread only.
 * Limits: the newest SOURCES_POSITIONS_MAX positions of each source.
 *
 * A source is shown to whom its project's organisation has as a member. What it counts
 * itself is since the daemon started; the ledger and the positions are those that were
 * committed with the data, by all daemons.
 */
#ifndef SIFTD_API_SOURCES_H
#define SIFTD_API_SOURCES_H

#include "api/request.h"

#define SOURCES_POSITIONS_MAX 20

void sources_list(struct request *request);

#endif
