/* doctor.h - what `siftd doctor` found, check by check
 *
 * Threads: the command's. Owner: doctor_report_deinit frees.
 * Limits: DOCTOR_ITEMS_MAX items; what more there is, is counted.
 */
#ifndef SIFTD_DAEMON_DOCTOR_H
#define SIFTD_DAEMON_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "daemon/config.h"

#define DOCTOR_ITEMS_MAX 1000

enum doctor_verdict { DOCTOR_OK, DOCTOR_MENDED, DOCTOR_WARNING, DOCTOR_FAILED };

struct doctor_item {
	const char *check; /* static */
	enum doctor_verdict verdict;
	char *text;
};

struct doctor_report {
	struct doctor_item *items;
	size_t count;
	size_t capacity;
	size_t left_out;
	enum doctor_verdict worst;
};

void doctor_report_deinit(struct doctor_report *report);
void doctor_add(struct doctor_report *report, const char *check,
		enum doctor_verdict verdict, const char *format, ...) PRINTF_LIKE(4, 5);
void doctor_write_text(const struct doctor_report *report, struct buf *out);
void doctor_write_json(const struct doctor_report *report, struct buf *out);

/* spool, positions and ledger are looked at as far as what they need is there */
void doctor_check_store(struct doctor_report *report, const struct config *config);
void doctor_check_spool(struct doctor_report *report, const struct config *config,
			bool repair);

#endif
