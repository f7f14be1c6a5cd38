/* channels.h - whom a project's findings are told to
 *
 * Threads: the loop thread only. Each answers its request.
 * Limits: CHANNELS_MAX channels in a project.
 *
 * Neither a secret nor the path of a URL (which is one, for some receivers) is ever
 * shown again.
 */
#ifndef SIFTD_API_CHANNELS_H
#define SIFTD_API_CHANNELS_H

struct request;

#define CHANNELS_MAX "100"

void channels_list(struct request *request);
void channels_create(struct request *request);
void channels_get(struct request *request);
void channels_delete(struct request *request);
/* puts a word into the outbox that goes out at once */
void channels_test(struct request *request);

#endif
