/* compile_rules.c - a tool of the build: the image of a folder of rules, as a file
 *
 * usage: compile_rules FOLDER OUT. An OUT that fits already is left as it is, so that
 * nothing is built anew for a change of the pipeline that does not touch it.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/yaml.h"
#include "pipeline/rules.h"

static void read_image(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "rb");
	size_t len = 0;

	if (file == NULL)
		return;
	do {
		buf_reserve(out, 1 << 16);
		len = fread(out->data + out->len, 1, 1 << 16, file);
		out->len += len;
	} while (len > 0 && out->len <= RULES_IMAGE_MAX);
	(void)fclose(file); /* only read from */
}

static int write_image(const char *path, struct slice image, struct error *error)
{
	FILE *file = fopen(path, "wb");
	bool written = false;

	if (file == NULL)
		return error_set_errno(error, "%s", path);
	written = fwrite(image.ptr, 1, image.len, file) == image.len;
	if (fclose(file) != 0 || !written)
		return error_set_errno(error, "%s", path);
	return 0;
}

static int make_image(const char *folder, const char *path, struct error *error)
{
	struct yaml_doc *docs = NULL;
	struct rules *rules = NULL;
	struct buf image = { 0 };
	int status = rules_read_folder(folder, &docs, error);

	read_image(path, &image);
	if (status == 0)
		status = rules_compile_stored(docs, buf_slice(&image), &rules, error);
	if (status == 0 && rules_compiled(rules)) {
		buf_clear(&image);
		rules_image(rules, &image);
		status = write_image(path, buf_slice(&image), error);
	}
	yaml_docs_free(&docs);
	rules_free(&rules);
	buf_deinit(&image);
	return status;
}

int main(int argc, char **argv)
{
	struct error error = { 0 };

	if (argc != 3) {
		(void)fputs("usage: compile_rules FOLDER OUT\n", stderr); /* exit 2 */
		return 2;
	}
	if (make_image(argv[1], argv[2], &error) != 0) {
		(void)fprintf(stderr, "compile_rules: %s\n", error.text); /* exit 1 */
		return 1;
	}
	return 0;
}
