/* replay_render.h - findings of a replay as JSON
 *
 * Threads: any; pure. Owner: nothing is kept.
 * Limits: the caller's, of findings; REPLAY_RENDER_EPISODES episodes of each, the
 * newest.
 */
#ifndef SIFTD_API_REPLAY_RENDER_H
#define SIFTD_API_REPLAY_RENDER_H

#include "base/json_out.h"
#include "pipeline/replay.h"

#define REPLAY_RENDER_EPISODES 50

/* what places of evidence are */
enum replay_places { REPLAY_LINES, REPLAY_SEQS };

/* an object */
void replay_render_finding(struct json_out *out, const struct replay_finding *finding,
			   enum replay_places places);

#endif
