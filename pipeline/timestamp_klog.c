/* timestamp_klog.c - the stamp of klog's headers, behind the letter of the level */
#include "base/compiler.h"
#include "pipeline/stamp_trace.h"
#include "pipeline/timestamp_scan.h"

#define STAMP_MAX 32
#define MONTH_LEN 2
#define DATE_LEN 4

size_t timestamp_scan_klog(struct slice text, const struct timestamp_context *context,
			   struct timestamp_match *match)
{
	struct timestamp_context untraced = *context;
	char stamp[STAMP_MAX];
	size_t len = text.len < STAMP_MAX - 1 ? text.len : STAMP_MAX - 1;
	size_t taken = 0;

	if (len < DATE_LEN)
		return 0;
	/* "0102 15:..." read as "01-02 15:..." */
	memcpy(stamp, text.ptr, MONTH_LEN);
	stamp[MONTH_LEN] = '-';
	memcpy(stamp + MONTH_LEN + 1, text.ptr + MONTH_LEN, len - MONTH_LEN);
	/* the copy is no part of the line: what is noted is the text */
	untraced.trace = NULL;
	taken = timestamp_scan(slice_of(stamp, len + 1), &untraced, match);
	taken -= taken > 0 ? 1 : 0;
	if (UNLIKELY(context->trace != NULL))
		stamp_trace_note(context->trace, text, taken, match, true);
	return taken;
}
