/* rules_cache.c - the image of a folder of rules, kept from start to start */
#include "daemon/rules_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/yaml.h"

/* of what cannot be read the image is empty: it does not fit then */
static void read_image(const char *path, struct buf *image)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat found = { 0 };
	ssize_t len = 0;

	if (fd < 0)
		return;
	if (fstat(fd, &found) == 0 && S_ISREG(found.st_mode) && found.st_size > 0 &&
	    found.st_size <= (off_t)RULES_IMAGE_MAX) {
		size_t size = (size_t)found.st_size;

		buf_reserve(image, size);
		while (image->len < size && (len = read(fd, image->data + image->len,
							size - image->len)) > 0)
			image->len += (size_t)len;
	}
	(void)close(fd); /* only read from */
}

static bool write_all(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t len = write(fd, bytes.ptr, bytes.len);

		if (len <= 0)
			return false;
		bytes = slice_from(bytes, (size_t)len);
	}
	return true;
}

/* There whole or not at all. Not synced: what a crash of the machine leaves fails its
 * checksum. */
static int replace_file(const char *path, const char *made, struct slice image)
{
	int fd =
		open(made, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool written = false;

	if (fd < 0)
		return -1;
	written = write_all(fd, image);
	if (close(fd) == 0 && written && rename(made, path) == 0)
		return 0;
	return -1;
}

static void write_image(const char *path, const struct rules *rules)
{
	struct buf image = { 0 };
	struct buf made = { 0 };
	struct error error = { 0 };

	rules_image(rules, &image);
	buf_printf(&made, "%s.new", path);
	buf_append_char(&made, '\0');
	if (image.len > 0 && replace_file(path, made.data, buf_slice(&image)) != 0) {
		(void)error_set_errno(&error, "%s", path); /* to be logged */
		(void)unlink(made.data); /* as much as was written of it */
		log_warn("rules", "compiled rules are not kept error=\"%s\"",
			 error.text);
	}
	buf_deinit(&made);
	buf_deinit(&image);
}

int rules_cache_load(const char *folder, const char *state_dir, struct rules **out,
		     struct error *error)
{
	struct yaml_doc *docs = NULL;
	struct buf path = { 0 };
	struct buf image = { 0 };
	int status = rules_read_folder(folder, &docs, error);

	*out = NULL;
	buf_printf(&path, "%s/rules.image", state_dir);
	buf_append_char(&path, '\0');
	read_image(path.data, &image);
	if (status == 0)
		status = rules_compile_stored(docs, buf_slice(&image), out, error);
	if (status == 0 && rules_compiled(*out)) {
		log_debug("rules", "compiled: no image that fits in path=%s",
			  path.data);
		write_image(path.data, *out);
	}
	yaml_docs_free(&docs);
	buf_deinit(&path);
	buf_deinit(&image);
	return status;
}
