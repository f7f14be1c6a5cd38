/* yaml.c - from libyaml's events to the tree
 *
 * The tree is built with an explicit stack, so that nesting costs no C stack, and the
 * limits are checked as events arrive: nothing is parsed beyond them.
 */
#include "base/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/hash64.h"
#include "base/mem.h"
#include "base/table.h"

/* the memory behind a document; doc is first, so that a pointer to it is one to this */
struct doc_memory {
	struct yaml_doc doc;
	struct arena arena;
};

/* an open collection */
struct level {
	struct yaml_node *node;
	struct yaml_node *last_child;
	struct yaml_node *pending; /* key was read, value not yet */
};

struct builder {
	yaml_parser_t parser;
	struct slice text;
	const char *name;
	struct error *error;
	struct yaml_doc *first;
	struct doc_memory *memory; /* of the document being read */
	struct level levels[YAML_DEPTH_MAX];
	size_t depth;
	size_t nodes;
	struct table keys; /* hash of mapping and key, seen in this document */
};

static int fail_at(struct builder *builder, yaml_mark_t mark, const char *problem)
{
	return error_set(builder->error, "%s:%zu:%zu: %s", builder->name, mark.line + 1,
			 mark.column + 1, problem);
}

/* a byte that cannot be read has an offset, but no mark */
static yaml_mark_t mark_of_offset(struct slice text, size_t offset)
{
	yaml_mark_t mark = { 0 };

	for (size_t i = 0; i < offset && i < text.len; i++) {
		mark.column++;
		if (text.ptr[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return mark;
}

static int fail_parse(struct builder *builder)
{
	const yaml_parser_t *parser = &builder->parser;
	const char *problem = parser->problem != NULL ? parser->problem : "not YAML";

	if (parser->error == YAML_MEMORY_ERROR)
		return fail_at(builder, parser->mark, "out of memory");
	if (parser->error == YAML_READER_ERROR)
		return fail_at(builder,
			       mark_of_offset(builder->text, parser->problem_offset),
			       problem);
	if (parser->problem_mark.index < builder->text.len &&
	    builder->text.ptr[parser->problem_mark.index] == '\t')
		return fail_at(builder, parser->problem_mark,
			       "a tab; YAML is indented by spaces");
	/* where a quote, list or mapping began that does not end */
	if (parser->context != NULL &&
	    parser->context_mark.line != parser->problem_mark.line)
		return error_set(
			builder->error, "%s:%zu:%zu: %s, %s that began at %zu:%zu",
			builder->name, parser->problem_mark.line + 1,
			parser->problem_mark.column + 1, problem, parser->context,
			parser->context_mark.line + 1, parser->context_mark.column + 1);
	return fail_at(builder, parser->problem_mark, problem);
}

static struct yaml_node *new_node(struct builder *builder, enum yaml_kind kind,
				  yaml_mark_t mark)
{
	struct yaml_node *node = arena_alloc(&builder->memory->arena, sizeof(*node));

	*node = (struct yaml_node){
		.kind = kind,
		.line = (unsigned)mark.line + 1,
		.column = (unsigned)mark.column + 1,
	};
	return node;
}

static struct slice copy_scalar(struct builder *builder, const yaml_event_t *event)
{
	return arena_dup(&builder->memory->arena,
			 slice_of((const char *)event->data.scalar.value,
				  event->data.scalar.length));
}

static bool key_is_new(struct builder *builder, const struct yaml_node *mapping,
		       struct slice key)
{
	bool added = false;

	(void)table_put(&builder->keys, hash64(key, (uint64_t)(uintptr_t)mapping),
			&added); /* a set: the value means nothing */
	if (added)
		return true;
	/* two keys of one hash need not be equal */
	for (const struct yaml_node *child = mapping->first_child; child != NULL;
	     child = child->next) {
		if (slice_equal(child->key, key))
			return false;
	}
	return true;
}

static int open_key(struct builder *builder, struct level *level,
		    const yaml_event_t *event)
{
	struct slice key = { 0 };

	if (event->type != YAML_SCALAR_EVENT)
		return fail_at(builder, event->start_mark, "a key must be a scalar");
	key = copy_scalar(builder, event);
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    slice_equal(key, SLICE("<<")))
		return fail_at(builder, event->start_mark,
			       "merge keys are not supported");
	if (!key_is_new(builder, level->node, key))
		return fail_at(builder, event->start_mark,
			       "the key appears twice in its mapping");
	level->pending = new_node(builder, YAML_SCALAR, event->start_mark);
	level->pending->key = key;
	return 0;
}

/* places a value in its parent and says which node it became */
static struct yaml_node *place_value(struct builder *builder, enum yaml_kind kind,
				     yaml_mark_t mark)
{
	struct level *level = NULL;
	struct yaml_node *node = NULL;

	if (builder->depth == 0) {
		node = new_node(builder, kind, mark);
		builder->memory->doc.root = node;
		return node;
	}
	level = &builder->levels[builder->depth - 1];
	if (level->pending != NULL) {
		node = level->pending;
		node->kind = kind;
		level->pending = NULL;
	} else {
		node = new_node(builder, kind, mark);
	}
	if (level->last_child == NULL)
		level->node->first_child = node;
	else
		level->last_child->next = node;
	level->last_child = node;
	return node;
}

static int push_level(struct builder *builder, struct yaml_node *node, yaml_mark_t mark)
{
	if (builder->depth == YAML_DEPTH_MAX)
		return fail_at(builder, mark, "nested too deep");
	builder->levels[builder->depth++] = (struct level){ .node = node };
	return 0;
}

/* what this reader refuses on any value */
static int check_value(struct builder *builder, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;

	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor != NULL)
		return fail_at(builder, event->start_mark, "anchors are not supported");
	if (tag != NULL)
		return fail_at(builder, event->start_mark, "tags are not supported");
	return 0;
}

static int add_value(struct builder *builder, const yaml_event_t *event)
{
	struct level *level =
		builder->depth > 0 ? &builder->levels[builder->depth - 1] : NULL;
	struct yaml_node *node = NULL;

	if (check_value(builder, event) != 0)
		return -1;
	if (level != NULL && level->node->kind == YAML_MAPPING &&
	    level->pending == NULL)
		return open_key(builder, level, event);
	if (++builder->nodes > YAML_NODES_MAX)
		return fail_at(builder, event->start_mark, "too many nodes");
	if (event->type == YAML_SCALAR_EVENT) {
		node = place_value(builder, YAML_SCALAR, event->start_mark);
		node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
		node->text = copy_scalar(builder, event);
		return 0;
	}
	node = place_value(builder,
			   event->type == YAML_MAPPING_START_EVENT ? YAML_MAPPING
								   : YAML_SEQUENCE,
			   event->start_mark);
	return push_level(builder, node, event->start_mark);
}

static void begin_document(struct builder *builder)
{
	struct doc_memory *memory = mem_calloc(1, sizeof(*memory));

	memory->doc.name = arena_dup(&memory->arena, slice_str(builder->name)).ptr;
	if (builder->memory != NULL)
		builder->memory->doc.next = &memory->doc;
	else
		builder->first = &memory->doc;
	builder->memory = memory;
	table_clear(&builder->keys);
}

static void end_document(struct builder *builder)
{
	struct yaml_doc *doc = &builder->memory->doc;

	/* libyaml gives nothing at all as an empty plain scalar */
	if (doc->root != NULL && doc->root->kind == YAML_SCALAR && doc->root->plain &&
	    doc->root->text.len == 0)
		doc->root = NULL;
}

static int handle_event(struct builder *builder, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		begin_document(builder);
		return 0;
	case YAML_DOCUMENT_END_EVENT:
		end_document(builder);
		return 0;
	case YAML_ALIAS_EVENT:
		return fail_at(builder, event->start_mark, "aliases are not supported");
	case YAML_SCALAR_EVENT:
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return add_value(builder, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		builder->depth--;
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
		return 0;
	}
	return 0;
}

static int build(struct builder *builder)
{
	bool more = true;

	while (more) {
		yaml_event_t event = { 0 };
		int result = 0;

		if (yaml_parser_parse(&builder->parser, &event) == 0)
			return fail_parse(builder);
		more = event.type != YAML_STREAM_END_EVENT;
		result = handle_event(builder, &event);
		yaml_event_delete(&event);
		if (result != 0)
			return -1;
	}
	return 0;
}

int yaml_parse(struct slice text, const char *name, struct yaml_doc **out,
	       struct error *error)
{
	struct builder builder = { .text = text, .name = name, .error = error };
	int result = 0;

	*out = NULL;
	if (text.len > YAML_BYTES_MAX)
		return error_set(error, "%s: larger than %zu bytes", name,
				 YAML_BYTES_MAX);
	if (yaml_parser_initialize(&builder.parser) == 0)
		return error_set(error, "%s: out of memory", name);
	/* else it would guess UTF-16 from the first bytes */
	yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&builder.parser, (const unsigned char *)(text.len > 0 ? text.ptr : ""),
		text.len);
	result = build(&builder);
	yaml_parser_delete(&builder.parser);
	table_deinit(&builder.keys);
	if (result != 0)
		yaml_docs_free(&builder.first);
	*out = builder.first;
	return result;
}

int yaml_parse_file(const char *path, struct yaml_doc **out, struct error *error)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t len = 0;
	int result = -1;

	*out = NULL;
	if (file == NULL)
		return error_set_errno(error, "%s: open", path);
	text = mem_alloc(YAML_BYTES_MAX + 1);
	errno = 0;
	len = fread(text, 1, YAML_BYTES_MAX + 1, file);
	if (ferror(file) != 0)
		(void)error_set_errno(error, "%s: read", path); /* result is -1 */
	else
		result = yaml_parse(slice_of(text, len), path, out, error);
	(void)fclose(file); /* nothing was written */
	mem_free(text);
	return result;
}

void yaml_docs_free(struct yaml_doc **docs)
{
	struct yaml_doc *doc = *docs;

	while (doc != NULL) {
		struct doc_memory *memory = (struct doc_memory *)doc;

		doc = doc->next;
		arena_deinit(&memory->arena);
		mem_free(memory);
	}
	*docs = NULL;
}
