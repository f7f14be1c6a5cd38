/* uploads.c - what is in the folder, and the source that reads what is complete */
#include "sources/uploads.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/upload_reader.h"

#define SWEEP_S 60
#define ID_BYTES (UPLOAD_ID_LEN / 2)

struct uploads {
	struct source source;
	struct uploads_config config; /* with these texts */
	char *folder;
	char *host_id;
	struct uploads_stats stats;
	struct upload_reader *reader;
	struct event *sweep;
	struct upload *items;
	size_t capacity;
	bool started;
};

static struct uploads *uploads_of(struct source *source)
{
	return (struct uploads *)source;
}

static struct upload *find(const struct uploads *uploads, const char *id)
{
	for (size_t i = 0; i < uploads->stats.count; i++) {
		if (strcmp(uploads->items[i].file.id, id) == 0)
			return &uploads->items[i];
	}
	return NULL;
}

static void add(struct uploads *uploads, const struct upload_file *file)
{
	mem_grow(&uploads->items, &uploads->capacity, (size_t)uploads->stats.count,
		 sizeof(*uploads->items));
	uploads->items[uploads->stats.count++] = (struct upload){ .file = *file };
	uploads->stats.bytes += (uint64_t)file->length;
}

static void forget(struct uploads *uploads, struct upload *upload)
{
	uploads->stats.bytes -= (uint64_t)upload->file.length;
	upload_file_remove(uploads->config.folder, upload->file.id);
	*upload = uploads->items[--uploads->stats.count];
}

static void remove_expired(struct uploads *uploads)
{
	int64_t before_us = clock_now_us() - uploads->config.lifetime_us;

	for (size_t i = (size_t)uploads->stats.count; i-- > 0;) {
		struct upload *upload = &uploads->items[i];

		if (upload->busy || upload_file_complete(&upload->file) ||
		    upload->file.began_us >= before_us)
			continue;
		log_info("uploads", "not completed in time, removed id=%s",
			 upload->file.id);
		uploads->stats.expired++;
		forget(uploads, upload);
	}
}

static void sweep(evutil_socket_t fd, short events, void *context)
{
	(void)fd;
	(void)events;
	remove_expired(context);
}

/* a file without ID.json is what a crash left of a beginning */
static void take_up(struct uploads *uploads, const char *name)
{
	const char *dot = strchr(name, '.');
	struct upload_file file = { 0 };
	char id[UPLOAD_ID_LEN + 1] = "";
	struct error error;
	int status = 0;

	if (dot == NULL || (size_t)(dot - name) != UPLOAD_ID_LEN)
		return;
	memcpy(id, name, UPLOAD_ID_LEN);
	if (find(uploads, id) != NULL)
		return;
	status = upload_file_load(uploads->config.folder, id, &file, &error);
	if (status == 0)
		status = upload_file_recover(uploads->config.folder, &file, &error);
	if (status == 0)
		add(uploads, &file);
	else if (status > 0)
		upload_file_remove(uploads->config.folder, id);
	else /* a person may look at it */
		log_error("uploads", "%s", error.text);
}

static int read_folder(struct uploads *uploads, struct error *error)
{
	const char *folder = uploads->config.folder;
	DIR *dir = NULL;
	const struct dirent *entry = NULL;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return error_set_errno(error, "uploads: %s", folder);
	dir = opendir(folder);
	if (dir == NULL)
		return error_set_errno(error, "uploads: %s", folder);
	/* the stream is this call's own, which is safe */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((entry = readdir(dir)) != NULL)
		take_up(uploads, entry->d_name);
	(void)closedir(dir); /* only read from */
	return 0;
}

static void read_complete(struct uploads *uploads,
			  const struct stored_positions *positions)
{
	for (size_t i = 0; i < uploads->stats.count; i++) {
		const struct upload_file *file = &uploads->items[i].file;
		const struct stored_position *stored =
			stored_positions_find(positions, file->id);

		if (upload_file_complete(file))
			upload_reader_add(uploads->reader, file,
					  stored == NULL ? 0 : stored->position.offset);
	}
}

static int start(struct source *source, const struct stored_positions *positions,
		 struct error *error)
{
	struct uploads *uploads = uploads_of(source);
	const struct upload_reader_config config = { .folder = uploads->config.folder,
						     .host_id = uploads->config.host_id,
						     .source = source->name,
						     .sink = &source->sink,
						     .stats = &source->stats };

	uploads->reader = upload_reader_new(&config);
	uploads->started = true;
	read_complete(uploads, positions);
	return upload_reader_start(uploads->reader, error);
}

static void stop(struct source *source)
{
	if (uploads_of(source)->reader != NULL)
		upload_reader_stop(uploads_of(source)->reader);
}

static void committed(struct source *source, uint64_t stream, struct position position)
{
	struct uploads *uploads = uploads_of(source);
	struct upload *upload = NULL;
	char id[UPLOAD_ID_LEN + 1];

	if (!upload_reader_finished(uploads->reader, stream, position.offset, id))
		return;
	log_info("uploads", "stored id=%s", id);
	crash_point("upload.stored");
	upload = find(uploads, id);
	if (upload != NULL)
		forget(uploads, upload);
}

static void rewind_to(struct source *source, const struct stored_positions *positions)
{
	struct uploads *uploads = uploads_of(source);

	upload_reader_clear(uploads->reader);
	read_complete(uploads, positions);
}

static void free_source(struct source **source)
{
	struct uploads *uploads = uploads_of(*source);

	*source = NULL;
	uploads_free(&uploads);
}

static const struct source_ops uploads_ops = {
	.type = "uploads",
	.start = start,
	.stop = stop,
	.committed = committed,
	.rewind = rewind_to,
	.free = free_source,
};

int uploads_open(struct event_base *base, const struct uploads_config *config,
		 struct uploads **out, struct error *error)
{
	static const struct timeval interval = { .tv_sec = SWEEP_S };
	struct uploads *uploads = mem_calloc(1, sizeof(*uploads));

	uploads->config = *config;
	uploads->config.folder = uploads->folder = mem_strdup(config->folder);
	uploads->config.host_id = uploads->host_id = mem_strdup(config->host_id);
	uploads->source.ops = &uploads_ops;
	uploads->source.name = UPLOADS_SOURCE;
	uploads->sweep = event_new(base, -1, EV_PERSIST, sweep, uploads);
	if (uploads->sweep == NULL || event_add(uploads->sweep, &interval) != 0) {
		(void)error_set(error, "uploads: no timer"); /* always -1 */
		uploads_free(&uploads);
		return -1;
	}
	if (read_folder(uploads, error) < 0) {
		uploads_free(&uploads);
		return -1;
	}
	remove_expired(uploads);
	*out = uploads;
	return 0;
}

void uploads_free(struct uploads **uploads_ptr)
{
	struct uploads *uploads = *uploads_ptr;

	if (uploads == NULL)
		return;
	upload_reader_free(&uploads->reader);
	if (uploads->sweep != NULL)
		event_free(uploads->sweep);
	mem_free(uploads->items);
	mem_free(uploads->folder);
	mem_free(uploads->host_id);
	mem_free(uploads);
	*uploads_ptr = NULL;
}

struct source *uploads_source(struct uploads *uploads)
{
	return &uploads->source;
}

const struct uploads_config *uploads_limits(const struct uploads *uploads)
{
	return &uploads->config;
}

const struct uploads_stats *uploads_stats(const struct uploads *uploads)
{
	return &uploads->stats;
}

/* nobody guesses it; short reads are not returned for so few bytes (getrandom(2)) */
static int make_id(char out[UPLOAD_ID_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[ID_BYTES];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -1;
	for (size_t i = 0; i < sizeof(random); i++) {
		out[2 * i] = digits[random[i] >> 4];
		out[2 * i + 1] = digits[random[i] & 15];
	}
	out[UPLOAD_ID_LEN] = '\0';
	return 0;
}

/* that one project cannot take all the room of the others */
static bool project_has_room(const struct uploads *uploads,
			     const struct upload_file *file)
{
	const struct uploads_config *limits = &uploads->config;
	int64_t bytes = 0;
	unsigned count = 0;

	for (size_t i = 0; i < uploads->stats.count; i++) {
		const struct upload_file *other = &uploads->items[i].file;

		if (other->project_id == file->project_id) {
			bytes += other->length;
			count++;
		}
	}
	return (limits->project_count_max == 0 || count < limits->project_count_max) &&
	       (limits->project_bytes_max == 0 ||
		bytes <= limits->project_bytes_max - file->length);
}

int uploads_create(struct uploads *uploads, struct upload_file *file,
		   struct error *error)
{
	if (uploads->stats.count >= uploads->config.count_max ||
	    (int64_t)uploads->stats.bytes > uploads->config.bytes_max - file->length ||
	    !project_has_room(uploads, file)) {
		uploads->stats.refused++;
		return 1;
	}
	if (make_id(file->id) < 0)
		return error_set_errno(error, "uploads: getrandom");
	file->offset = 0;
	file->began_us = clock_now_us();
	add(uploads, file);
	uploads->items[uploads->stats.count - 1].busy = true;
	return 0;
}

const struct upload *uploads_find(const struct uploads *uploads, struct slice id)
{
	for (size_t i = 0; i < uploads->stats.count; i++) {
		if (slice_equal(slice_str(uploads->items[i].file.id), id))
			return &uploads->items[i];
	}
	return NULL;
}

struct upload_file uploads_begin(struct uploads *uploads, const char *id)
{
	struct upload *upload = find(uploads, id);

	upload->busy = true;
	return upload->file;
}

void uploads_end(struct uploads *uploads, const struct upload_file *file)
{
	struct upload *upload = find(uploads, file->id);

	upload->busy = false;
	upload->file.offset = file->offset;
	if (upload_file_complete(file) && uploads->started)
		upload_reader_add(uploads->reader, file, 0);
}

void uploads_remove(struct uploads *uploads, const char *id)
{
	forget(uploads, find(uploads, id));
}
