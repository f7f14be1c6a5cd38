/* sift_input.c - reading files in order, gzip and zstd too, and a pipe twice when
 * needed */
#include "daemon/sift_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/sift_stop.h"
#include "sources/decompress.h"

/* bytes that tell gzip, zstd and plain text apart */
#define KIND_BYTES 4
#define WAIT_MS 100

struct sift_input {
	char *const *paths;
	size_t count;
	size_t next; /* path to open */
	int fd;      /* -1: none open */
	bool again;
	bool first_pass;
	int kept_fd; /* copy of standard input, or -1 */
	char *space;
	struct decompress *decompress; /* NULL: the file is plain */
	char *plain;                   /* what it makes */
	uint64_t bytes;
	uint64_t size;
	sift_wait_fn *wait;
	void *wait_context;
	bool stopped;
};

static char standard_input_name[] = "-";
static char *const standard_input[] = { standard_input_name };

static bool is_stdin(const char *path)
{
	return path[0] == '-' && path[1] == '\0';
}

static uint64_t size_of(const char *path)
{
	struct stat status = { 0 };
	int result =
		is_stdin(path) ? fstat(STDIN_FILENO, &status) : stat(path, &status);

	return result == 0 && S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
}

struct sift_input *sift_input_new(char *const *paths, size_t count, bool again)
{
	struct sift_input *input = mem_calloc(1, sizeof(*input));

	input->paths = count == 0 ? standard_input : paths;
	input->count = count == 0 ? 1 : count;
	input->fd = -1;
	input->kept_fd = -1;
	input->again = again;
	input->first_pass = true;
	input->space = mem_alloc(SIFT_READ_BYTES);
	for (size_t i = 0; i < input->count; i++)
		input->size += size_of(input->paths[i]);
	return input;
}

static void close_current(struct sift_input *input)
{
	decompress_free(&input->decompress);
	if (input->fd > STDERR_FILENO && input->fd != input->kept_fd)
		(void)close(input->fd); /* only read from */
	input->fd = -1;
}

void sift_input_free(struct sift_input **input)
{
	if (*input == NULL)
		return;
	close_current(*input);
	if ((*input)->kept_fd >= 0)
		(void)close((*input)->kept_fd); /* thrown away anyway */
	mem_free((*input)->space);
	mem_free((*input)->plain);
	mem_free(*input);
	*input = NULL;
}

static int open_kept(struct sift_input *input, struct error *error)
{
	/* no other thread changes the environment */
	const char *folder = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */

	if (folder == NULL || folder[0] == '\0')
		folder = "/tmp";
	input->kept_fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (input->kept_fd < 0)
		return error_set_errno(error, "%s: temporary copy of standard input",
				       folder);
	return 0;
}

static int open_next(struct sift_input *input, struct error *error)
{
	const char *path = input->paths[input->next];
	struct stat status = { 0 };

	input->next++;
	if (is_stdin(path)) {
		input->fd = STDIN_FILENO;
		if (!input->first_pass && input->kept_fd >= 0)
			input->fd = input->kept_fd;
		else if (input->again && input->first_pass)
			return open_kept(input, error);
		return 0;
	}
	input->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (input->fd < 0)
		return error_set_errno(error, "%s", path);
	if (fstat(input->fd, &status) == 0 && S_ISDIR(status.st_mode)) {
		close_current(input);
		return error_set(error, "%s: is a directory", path);
	}
	return 0;
}

static int keep_copy(const struct sift_input *input, size_t len, struct error *error)
{
	size_t written = 0;

	if (!input->again || !input->first_pass || input->fd != STDIN_FILENO)
		return 0;
	while (written < len) {
		ssize_t more =
			write(input->kept_fd, input->space + written, len - written);

		if (more < 0)
			return error_set_errno(error, "copy of standard input");
		written += (size_t)more;
	}
	return 0;
}

/* false: the input ends here, as someone asked for it */
static bool wait_for_bytes(struct sift_input *input)
{
	enum sift_ready ready = SIFT_READY;

	/* what was taken on the first pass is given out on the second, all of it */
	if (!input->first_pass)
		return true;
	while ((ready = sift_stop_poll(input->fd,
				       input->wait == NULL ? -1 : WAIT_MS)) ==
	       SIFT_WAITING) {
		if (input->wait != NULL)
			input->wait(input->wait_context);
	}
	if (ready == SIFT_READY)
		return true;
	input->stopped = true;
	input->next = input->count;
	return false;
}

/* 1: bytes were read; 0: the end; -1: an error. At the beginning of a file enough bytes
 * to tell its kind are waited for, also from a pipe that gives one at a time */
static int read_piece(struct sift_input *input, bool first, size_t *len,
		      struct error *error)
{
	size_t wanted = first ? KIND_BYTES : 1;

	*len = 0;
	while (*len < wanted) {
		ssize_t more = 0;

		if (!wait_for_bytes(input))
			break;
		more = read(input->fd, input->space + *len, SIFT_READ_BYTES - *len);
		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return error_set_errno(error, "read");
		if (more == 0)
			break;
		*len += (size_t)more;
	}
	return *len > 0;
}

/* opened, or gone on with: -1 error, 0 end of file, 1 *bytes is set */
static int read_file(struct sift_input *input, bool first, struct slice *bytes,
		     struct error *error)
{
	size_t len = 0;
	int status = read_piece(input, first, &len, error);

	if (status > 0 && keep_copy(input, len, error) < 0)
		return -1;
	if (status == 0 && input->decompress != NULL)
		return decompress_finish(input->decompress, error);
	if (status <= 0)
		return status;
	input->bytes += len;
	*bytes = slice_of(input->space, len);
	if (first && !decompress_is_plain(*bytes)) {
		input->decompress = decompress_new();
		if (input->plain == NULL)
			input->plain = mem_alloc(SIFT_READ_BYTES);
	}
	if (input->decompress != NULL)
		decompress_feed(input->decompress, *bytes);
	return 1;
}

/* as read_file, of what the file holds */
static int read_plain(struct sift_input *input, bool first, struct slice *bytes,
		      struct error *error)
{
	for (;; first = false) {
		size_t len = 0;
		int status = input->decompress == NULL
				     ? 0
				     : decompress_next(input->decompress, input->plain,
						       SIFT_READ_BYTES, &len, error);

		*bytes = slice_of(input->plain, len);
		if (status != 0)
			return status;
		status = read_file(input, first, bytes, error);
		if (status <= 0 || input->decompress == NULL)
			return status;
	}
}

int sift_input_read(struct sift_input *input, struct slice *bytes, struct error *error)
{
	bool first = input->fd < 0;
	int status = 0;

	if (first && input->next == input->count)
		return -1;
	if (first && open_next(input, error) < 0)
		return -2;
	status = read_plain(input, first, bytes, error);
	if (status > 0)
		return 1;
	close_current(input);
	if (status == 0)
		return 0;
	(void)error_prefix(error, "%s", input->paths[input->next - 1]);
	return -2;
}

int sift_input_rewind(struct sift_input *input, struct error *error)
{
	close_current(input);
	input->next = 0;
	input->bytes = 0;
	input->first_pass = false;
	if (input->kept_fd >= 0 && lseek(input->kept_fd, 0, SEEK_SET) < 0)
		return error_set_errno(error, "copy of standard input");
	return 0;
}

void sift_input_on_wait(struct sift_input *input, sift_wait_fn *wait, void *context)
{
	input->wait = wait;
	input->wait_context = context;
}

bool sift_input_stopped(const struct sift_input *input)
{
	return input->stopped;
}

bool sift_input_goes_on(const struct sift_input *input)
{
	struct stat status = { 0 };

	for (size_t i = 0; i < input->count; i++) {
		if (is_stdin(input->paths[i]))
			return fstat(STDIN_FILENO, &status) == 0 &&
			       !S_ISREG(status.st_mode);
	}
	return false;
}

uint64_t sift_input_bytes(const struct sift_input *input)
{
	return input->bytes;
}

uint64_t sift_input_size(const struct sift_input *input)
{
	return input->size;
}
