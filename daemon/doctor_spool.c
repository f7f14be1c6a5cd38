/* doctor_spool.c - every partition of the spool, frame by frame */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "daemon/doctor.h"
#include "sources/spool_check.h"
#include "sources/spool_reader.h"

#define PATH_BYTES 4096

static void tell_partition(struct doctor_report *report, const char *name,
			   const struct spool_check *found, bool running)
{
	doctor_add(report, "spool", DOCTOR_OK,
		   "%s: %" PRIu64 " segments, %" PRIu64 " frames, %" PRIu64 " bytes",
		   name, found->segments, found->frames, found->bytes);
	if (found->missing_bytes > 0)
		doctor_add(report, "spool", DOCTOR_FAILED,
			   "%s: %" PRIu64 " bytes are missing between segments", name,
			   found->missing_bytes);
	if (found->mended_bytes > 0)
		doctor_add(report, "spool", DOCTOR_MENDED,
			   "%s: %" PRIu64 " damaged bytes were copied to .corrupt "
			   "files and are holes now",
			   name, found->mended_bytes);
	if (found->corrupt_bytes > found->mended_bytes)
		doctor_add(report, "spool", DOCTOR_FAILED,
			   "%s: %" PRIu64 " bytes in %" PRIu64
			   " places are no frames; --repair sets them aside",
			   name, found->corrupt_bytes - found->mended_bytes,
			   found->corrupt_runs);
	if (found->cut_bytes > 0)
		doctor_add(report, "spool", DOCTOR_MENDED,
			   "%s: %" PRIu64 " bytes of an append that was never "
			   "acknowledged were cut off",
			   name, found->cut_bytes);
	else if (found->torn_bytes > 0 && !running)
		doctor_add(report, "spool", DOCTOR_WARNING,
			   "%s: ends in %" PRIu64 " bytes of an append that was never "
			   "acknowledged; the next start, or --repair, cuts them off",
			   name, found->torn_bytes);
}

/* false: that was the last one */
static bool check_partition(struct doctor_report *report, const char *folder, size_t n,
			    const bool how[2])
{
	char name[SPOOL_STREAM_NAME_MAX];
	char path[PATH_BYTES];
	struct spool_check found;
	struct stat st = { 0 };
	struct error error;

	spool_stream_name(n, name);
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path) ||
	    stat(path, &st) < 0)
		return false;
	if (spool_check_partition(path, how[0], &found, &error) < 0)
		doctor_add(report, "spool", DOCTOR_FAILED, "%s", error.text);
	else
		tell_partition(report, name, &found, how[1]);
	return true;
}

void doctor_check_spool(struct doctor_report *report, const struct config *config,
			bool repair)
{
	char folder[PATH_BYTES];
	struct error error;
	struct stat st = { 0 };
	int lock = -1;
	int locked = 0;
	bool how[2] = { repair, false };

	if (snprintf(folder, sizeof(folder), "%s/spool", config->state_dir) >=
		    (int)sizeof(folder) ||
	    stat(folder, &st) < 0) {
		doctor_add(report, "spool", DOCTOR_OK, "there is none yet");
		return;
	}
	locked = spool_check_lock(folder, &lock, &error);
	if (locked < 0)
		doctor_add(report, "spool", DOCTOR_FAILED, "%s", error.text);
	how[1] = locked == 0;
	if (locked <= 0 && repair) {
		doctor_add(report, "spool", DOCTOR_FAILED,
			   "a daemon uses it: stop it before --repair");
		how[0] = false;
	}
	for (size_t n = 0; check_partition(report, folder, n, how); n++)
		;
	spool_check_unlock(&lock);
}
