/* replay.h - judged events summed up to findings with their episodes, nothing stored
 *
 * Threads: one owner at a time. Owner: replay_free; what is kept of events is copied,
 *          rules are borrowed.
 * Limits: REPLAY_KEYS_MAX findings, REPLAY_BYTES_MAX of keys and evidence, and those of
 *         window_log.h; replay_full says that one is reached, and that no more may
 * come. Of an occurrence REPLAY_RAW_MAX bytes are kept.
 *
 * Occurrences, keys, evidence and buckets come from the functions that a lane uses
 * (findings.h, window.h); windows are judged by window_judge.h.
 */
#ifndef SIFTD_PIPELINE_REPLAY_H
#define SIFTD_PIPELINE_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/findings.h"
#include "pipeline/window_judge.h"

#define REPLAY_KEYS_MAX 65536
#define REPLAY_BYTES_MAX ((size_t)64 << 20)
#define REPLAY_RAW_MAX ((size_t)2 * 1024)
#define REPLAY_EVIDENCE ((size_t)2 * EVIDENCE_EDGE)

struct replay_evidence {
	uint64_t place; /* block and row of the findings_event, as its upper and lower
			   half */
	int64_t timestamp_us;
	struct slice raw;      /* in bytes */
	struct slice captures; /* behind it; a JSON object, or empty */
	char *bytes;
};

/* one rule and key */
struct replay_finding {
	const struct rule *rule;
	enum finding_severity severity;
	struct slice key; /* in key_bytes */
	char *key_bytes;
	uint64_t count;
	uint64_t templates;
	int64_t first_us, last_us;
	/* the first five by time, and the last five */
	struct replay_evidence evidence[REPLAY_EVIDENCE];
	size_t evidence_count;
	struct runs runs;
	/* by replay_finish: none when the rule would not have fired */
	struct window_episodes episodes;
	uint64_t peak; /* highest value of a window, for a threshold also below it */
};

struct replay;

struct replay *replay_new(void);
void replay_free(struct replay **replay);
/* as findings_add */
void replay_add(struct replay *replay, const struct findings_event *event,
		const struct rule_set *matched, const struct rules *rules);
bool replay_full(const struct replay *replay);
/* the project's events span this moment too, whether or not rules match there */
void replay_see(struct replay *replay, int64_t moment_us);
/* judges all that was added, those that fire first, then by severity and volume; valid
 * until the free; nothing may be added after it */
struct replay_finding *replay_finish(struct replay *replay, size_t *count);

#endif
