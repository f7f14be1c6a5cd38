/* shipped_rules.c - the rules that were built into the program */
#include "daemon/shipped_rules.h"

#include "base/embedded.h"
#include "base/log.h"
#include "base/yaml.h"

extern const struct embedded_file shipped_rules_files[];
extern const size_t shipped_rules_files_count;
/* one, of no bytes in builds that do not make it (cmake/rules_image.cmake) */
extern const struct embedded_file shipped_rules_images[];

static int parse_all(struct yaml_doc **out, struct error *error)
{
	struct yaml_doc **end = out;

	for (size_t i = 0; i < shipped_rules_files_count; i++) {
		const struct embedded_file *file = &shipped_rules_files[i];

		if (yaml_parse(file->bytes, file->name, end, error) < 0)
			return -1;
		while (*end != NULL)
			end = &(*end)->next;
	}
	return 0;
}

int shipped_rules_load(const char *folder, struct rules **out, struct error *error)
{
	struct yaml_doc *docs = NULL;
	int status = 0;

	if (folder != NULL)
		return rules_load_folder(folder, out, error);
	status = parse_all(&docs, error);
	if (status == 0)
		status = rules_compile_stored(docs, shipped_rules_images[0].bytes, out,
					      error);
	if (status == 0 && rules_compiled(*out))
		log_debug("rules", "compiled: the image in the program does not fit "
				   "this Vectorscan or processor, or there is none");
	yaml_docs_free(&docs);
	return status;
}

int shipped_rules_docs(const char *folder, struct yaml_doc **out, struct error *error)
{
	*out = NULL;
	return folder != NULL ? rules_read_folder(folder, out, error)
			      : parse_all(out, error);
}
