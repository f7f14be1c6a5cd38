/* sift_input.h - the bytes of files or standard input, one after the other,
 * decompressed
 *
 * Threads: one owner. Owner: sift_input_free closes what is open; bytes from
 *          sift_input_read are valid until the next call.
 * Limits: SIFT_READ_BYTES at once.
 */
#ifndef SIFTD_DAEMON_SIFT_INPUT_H
#define SIFTD_DAEMON_SIFT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

#define SIFT_READ_BYTES ((size_t)1024 * 1024)

struct sift_input;

/* paths are borrowed; none, or "-", means standard input. `again`: sift_input_rewind
 * will be called, so standard input that cannot be read twice is kept in a temporary
 * file */
struct sift_input *sift_input_new(char *const *paths, size_t count, bool again);
void sift_input_free(struct sift_input **input);
/* 1: *bytes has some; 0: the end of one file (more may follow); -1: the end of all.
 * A file that cannot be read is reported through error and skipped: the result is -2 */
MUST_CHECK int sift_input_read(struct sift_input *input, struct slice *bytes,
			       struct error *error);
/* back to the first byte of the first file */
MUST_CHECK int sift_input_rewind(struct sift_input *input, struct error *error);
/* is called a few times a second while a read waits for bytes */
typedef void sift_wait_fn(void *context);
/* NULL: no one is told */
void sift_input_on_wait(struct sift_input *input, sift_wait_fn *wait, void *context);
/* the first pass ends early when sift_stop was asked for; true: it did */
bool sift_input_stopped(const struct sift_input *input);
/* standard input is read, and it is a pipe, a socket or a terminal */
bool sift_input_goes_on(const struct sift_input *input);
/* read so far, compressed as they are; and of all files, 0 when unknown (a pipe) */
uint64_t sift_input_bytes(const struct sift_input *input);
uint64_t sift_input_size(const struct sift_input *input);

#endif
