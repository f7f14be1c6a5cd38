/* fuzz_yaml.c - any bytes as a YAML document; its scalars read as every type, and as
 * patterns of rules
 */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/yaml.h"
#include "pipeline/rules_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_scalar(const struct yaml_doc *doc, const struct yaml_node *node)
{
	struct arena arena = { 0 };
	struct error error = { 0 };
	int64_t number = 0;
	bool flag = false;

	/* it may well be none of these: only their memory safety is on trial */
	(void)yaml_read_int(doc, node, &number, &error);
	(void)yaml_read_bool(doc, node, &flag, &error);
	(void)yaml_read_duration_us(doc, node, &number, &error);
	(void)yaml_read_bytes(doc, node, &number, &error);
	(void)pattern_of_words(&arena, node->text);
	if (pattern_is_constant(node->text) &&
	    pattern_relax(&arena, node->text).ptr == NULL)
		__builtin_trap(); /* nothing unknown and no number to stumble over */
	arena_deinit(&arena);
}

static void walk(const struct yaml_doc *doc, const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR)
		read_scalar(doc, node);
	for (const struct yaml_node *child = node->first_child; child != NULL;
	     child = child->next)
		walk(doc, child);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml_doc *docs = NULL;
	struct error error = { 0 };

	if (yaml_parse(slice_of((const char *)data, size), "fuzz", &docs, &error) != 0)
		return 0;
	for (const struct yaml_doc *doc = docs; doc != NULL; doc = doc->next) {
		if (doc->root != NULL)
			walk(doc, doc->root);
	}
	yaml_docs_free(&docs);
	return 0;
}
