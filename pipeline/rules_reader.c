/* rules_reader.c - texts, lists and known keys of a rule document */
#include "pipeline/rules_reader.h"

#include "base/nearest.h"

static const struct {
	const char *name;
	enum rule_field field;
} fields[] = { { "message", RULE_FIELD_MESSAGE }, { "template", RULE_FIELD_TEMPLATE },
	       { "service", RULE_FIELD_SERVICE }, { "host", RULE_FIELD_HOST },
	       { "level", RULE_FIELD_LEVEL },     { "group", RULE_FIELD_GROUP },
	       { "kind", RULE_FIELD_KIND } };

int rule_reader_unknown_key(const struct rule_reader *reader,
			    const struct yaml_node *node, const char *const *known,
			    size_t count)
{
	struct nearest nearest = nearest_init(node->key);
	const char *best = NULL;

	for (size_t i = 0; i < count; i++)
		nearest_offer(&nearest, known[i]);
	best = nearest_best(&nearest);
	if (best == NULL)
		return yaml_error(reader->doc, node, reader->error,
				  "unknown key \"%.*s\"",
				  (int)slice_head(node->key, 60).len, node->key.ptr);
	return yaml_error(reader->doc, node, reader->error,
			  "unknown key \"%.*s\", did you mean \"%s\"?",
			  (int)slice_head(node->key, 60).len, node->key.ptr, best);
}

int rule_reader_check_keys(const struct rule_reader *reader,
			   const struct yaml_node *node, const char *const *known,
			   size_t count)
{
	const struct yaml_node *child = NULL;

	if (node->kind != YAML_MAPPING)
		return yaml_error(reader->doc, node, reader->error,
				  "expected a mapping");
	for (child = node->first_child; child != NULL; child = child->next) {
		size_t i = 0;

		while (i < count && !slice_equal(child->key, slice_str(known[i])))
			i++;
		if (i == count)
			return rule_reader_unknown_key(reader, child, known, count);
	}
	return 0;
}

int rule_reader_text(const struct rule_reader *reader, const struct yaml_node *node,
		     struct slice *out)
{
	if (node->kind != YAML_SCALAR || node->text.len == 0)
		return yaml_error(reader->doc, node, reader->error, "expected a text");
	if (memchr(node->text.ptr, '\0', node->text.len) != NULL)
		return yaml_error(reader->doc, node, reader->error,
				  "a text holds no NUL byte");
	*out = arena_dup(&reader->rules->arena, node->text);
	return 0;
}

/* a text, or a list of texts */
int rule_reader_texts(const struct rule_reader *reader, const struct yaml_node *node,
		      struct slices *out)
{
	const struct yaml_node *child = NULL;

	if (node->kind == YAML_SCALAR) {
		out->items = arena_alloc(&reader->rules->arena, sizeof(*out->items));
		out->count = 1;
		return rule_reader_text(reader, node, out->items);
	}
	if (node->kind != YAML_SEQUENCE || node->first_child == NULL)
		return yaml_error(reader->doc, node, reader->error,
				  "expected a text or a list of texts");
	for (child = node->first_child; child != NULL; child = child->next)
		out->count++;
	out->items =
		arena_alloc(&reader->rules->arena, out->count * sizeof(*out->items));
	out->count = 0;
	for (child = node->first_child; child != NULL; child = child->next) {
		if (rule_reader_text(reader, child, &out->items[out->count++]) != 0)
			return -1;
	}
	return 0;
}

/* false when no field has that name */
bool rule_reader_field(struct slice name, enum rule_field *field,
		       struct slice *attribute)
{
	struct slice prefix = SLICE("attributes.");

	if (slice_starts_with(name, prefix) && name.len > prefix.len) {
		*field = RULE_FIELD_ATTRIBUTE;
		*attribute = slice_from(name, prefix.len);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (slice_equal(name, slice_str(fields[i].name))) {
			*field = fields[i].field;
			return true;
		}
	}
	return false;
}
