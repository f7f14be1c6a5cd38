/* rules_load.c - reads a folder of rule files; at start and on a reload, never by a
 * lane
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "pipeline/rules.h"

static int is_rule_file(const struct dirent *entry)
{
	struct slice name = slice_str(entry->d_name);
	struct slice ending = SLICE(".yaml");

	return name.len > ending.len && name.ptr[0] != '.' &&
	       slice_equal(slice_from(name, name.len - ending.len), ending);
}

/* bytewise: alphasort would follow the locale */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* appends the documents of one file; *end is where the list goes on */
static int append_file(const char *folder, const char *name, struct yaml_doc ***end,
		       struct error *error)
{
	struct buf path = { 0 };
	int result = 0;

	buf_printf(&path, "%s/%s", folder, name);
	buf_append_char(&path, '\0');
	result = yaml_parse_file(path.data, *end, error);
	buf_deinit(&path);
	while (**end != NULL)
		*end = &(**end)->next;
	return result;
}

int rules_read_folder(const char *path, struct yaml_doc **out, struct error *error)
{
	struct dirent **names = NULL;
	struct yaml_doc **end = out;
	int count = scandir(path, &names, is_rule_file, compare_names);
	int result = 0;

	*out = NULL;
	if (count < 0)
		return error_set_errno(error, "rules %s: open", path);
	for (int i = 0; i < count && result == 0; i++)
		result = append_file(path, names[i]->d_name, &end, error);
	if (result == 0 && *out == NULL)
		result = error_set(error, "rules %s: no rule in any *.yaml file", path);
	if (result != 0)
		yaml_docs_free(out);
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return result;
}

int rules_load_folder(const char *path, struct rules **out, struct error *error)
{
	struct yaml_doc *docs = NULL;
	int result = rules_read_folder(path, &docs, error);

	*out = NULL;
	if (result == 0)
		result = rules_compile(docs, out, error);
	yaml_docs_free(&docs);
	return result;
}
