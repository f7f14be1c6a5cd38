/* triage.h - what people decide about findings and groups, and mutes
 *
 * Threads: the loop thread only. Each answers its request.
 * Limits: TRIAGE_NOTE_MAX bytes of a note or a reason; MUTES_MAX mutes in a project.
 */
#ifndef SIFTD_API_TRIAGE_H
#define SIFTD_API_TRIAGE_H

struct request;

#define TRIAGE_NOTE_MAX 2000
#define MUTES_MAX "1000"

/* status, and until when it is muted */
void triage_finding(struct request *request);
void triage_group(struct request *request);

void mutes_list(struct request *request);
void mutes_create(struct request *request);
void mutes_delete(struct request *request);

#endif
