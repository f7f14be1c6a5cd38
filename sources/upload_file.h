/* upload_file.h - an upload in parts, as two files in a folder
 *
 * ID.part holds the bytes so far (ID.log once all are there), ID.json what is known of
 * it. The offset in ID.json is what was made durable; bytes of ID.part behind it are of
 * a part that was never acknowledged, and are cut off.
 *
 * Threads: one at a time for each upload. Owner: plain data.
 * Errors: of the file system, with the path.
 */
#ifndef SIFTD_SOURCES_UPLOAD_FILE_H
#define SIFTD_SOURCES_UPLOAD_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/compiler.h"
#include "base/error.h"

#define UPLOAD_ID_LEN 32

struct upload_file {
	char id[UPLOAD_ID_LEN + 1]; /* hex digits */
	int64_t project_id;
	int64_t ingestion_id;
	int64_t length; /* bytes in all, as they come: perhaps compressed */
	int64_t offset; /* bytes that are durable */
	int64_t began_us;
};

/* makes both files */
MUST_CHECK int upload_file_create(const char *folder, const struct upload_file *file,
				  struct error *error);
/* 0: read; 1: there is none; -1: it cannot be read, or is damaged */
MUST_CHECK int upload_file_load(const char *folder, const char *id,
				struct upload_file *out, struct error *error);
/* makes the bytes durable behind offset, and moves it on; when they are the last ones
 * the upload becomes complete */
MUST_CHECK int upload_file_append(const char *folder, struct upload_file *file,
				  const struct iovec *pieces, int count,
				  struct error *error);
/* after a start: finishes what a crash left half done */
MUST_CHECK int upload_file_recover(const char *folder, struct upload_file *file,
				   struct error *error);
/* of a complete upload; the caller closes it */
MUST_CHECK int upload_file_open(const char *folder, const char *id,
				struct error *error);
/* what is not there is fine */
void upload_file_remove(const char *folder, const char *id);
bool upload_file_complete(const struct upload_file *file);

#endif
