/* rule_trial.h - reads one rule, runs its own cases, and tries it on a text
 *
 * Threads: rule_trial_run, any (it compiles: a query worker's); else the owner's.
 * Owner: rule_trial_deinit frees all.
 * Limits: RULE_TRIAL_LINES matching records are shown, RULE_TRIAL_KEYS keys.
 */
#ifndef SIFTD_API_RULE_TRIAL_H
#define SIFTD_API_RULE_TRIAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "pipeline/rules.h"

#define RULE_TRIAL_LINES 50
#define RULE_TRIAL_KEYS 100

struct rule_trial {
	/* in: NUL-terminated, to be freed by deinit */
	char *source;      /* one YAML document */
	struct slice text; /* lines to try it on, or ptr NULL; freed too */
	int64_t now_us;    /* the year of stamps without one */
	/* out */
	bool good;
	struct error error;  /* why it is not; begins with file:line:column */
	struct rules *rules; /* the first is the rule; when good */
	struct buf result;   /* JSON: what it found in the text */
};

void rule_trial_run(struct rule_trial *trial);
void rule_trial_deinit(struct rule_trial *trial);

#endif
