/* options.c - one reader for every option of the configuration */
#include "daemon/options.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/nearest.h"

/* section names of a table, for hints */
#define SECTIONS_BYTES 1024

struct reading {
	const struct option_table *table;
	const struct yaml_doc *doc;
	unsigned kind;
	char *target;
	struct error *error;
};

static void *place_of(const struct reading *reading, const struct config_option *option)
{
	return reading->target + option->offset;
}

static bool is_known(const struct config_option *option, unsigned kind)
{
	return kind == 0 || option->applies == 0 || (option->applies & kind) != 0;
}

static int expand_variables(const struct reading *reading, const struct yaml_node *node,
			    char **out)
{
	struct buf buf = { 0 };
	struct slice rest = node->text;

	while (rest.len > 0) {
		const char *end = NULL;
		const char *value = NULL;
		char *name = NULL;

		if (!slice_starts_with(rest, SLICE("${"))) {
			buf_append_char(&buf, rest.ptr[0]);
			rest = slice_from(rest, 1);
			continue;
		}
		end = memchr(rest.ptr, '}', rest.len);
		if (end == NULL) {
			buf_deinit(&buf);
			return yaml_error(reading->doc, node, reading->error,
					  "\"${\" without \"}\"");
		}
		name = mem_slice_dup(
			slice_of(rest.ptr + 2, (size_t)(end - rest.ptr) - 2));
		/* start-up only: no other thread changes the environment */
		value = getenv(name); /* NOLINT(concurrency-mt-unsafe) */
		if (value == NULL) {
			(void)yaml_error(reading->doc, node, reading->error,
					 "environment variable %s is not set", name);
			mem_free(name);
			buf_deinit(&buf);
			return -1;
		}
		mem_free(name);
		buf_append_str(&buf, value);
		rest = slice_from(rest, (size_t)(end - rest.ptr) + 1);
	}
	*out = buf_take(&buf);
	return 0;
}

static bool is_choice(const char *choices, const char *value)
{
	struct slice rest = slice_str(choices);

	while (rest.len > 0) {
		const char *bar = memchr(rest.ptr, '|', rest.len);
		size_t len = bar == NULL ? rest.len : (size_t)(bar - rest.ptr);

		if (slice_equal(slice_head(rest, len), slice_str(value)))
			return true;
		rest = slice_from(rest, len + 1);
	}
	return false;
}

static int read_string(const struct reading *reading,
		       const struct config_option *option, const struct yaml_node *node)
{
	char **place = place_of(reading, option);
	char *value = NULL;

	if (node->kind != YAML_SCALAR)
		return yaml_error(reading->doc, node, reading->error,
				  "%s takes one value", option->key);
	if (expand_variables(reading, node, &value) < 0 || value == NULL)
		return -1;
	if (option->type == OPTION_CHOICE && !is_choice(option->choices, value)) {
		(void)yaml_error(reading->doc, node, reading->error,
				 "%s is one of %s, not \"%s\"", option->key,
				 option->choices, value);
		mem_free(value);
		return -1;
	}
	mem_free(*place);
	*place = value;
	return 0;
}

static void list_free(struct option_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		mem_free(list->items[i]);
	mem_free(list->items);
	*list = (struct option_list){ 0 };
}

static void map_free(struct option_map *map)
{
	list_free(&map->names);
	list_free(&map->values);
}

static int read_list(const struct reading *reading, const struct config_option *option,
		     const struct yaml_node *node)
{
	struct option_list *list = place_of(reading, option);
	const struct yaml_node *item =
		node->kind == YAML_SEQUENCE ? node->first_child : node;

	list_free(list);
	list->items = mem_calloc(OPTION_LIST_MAX + 1, sizeof(*list->items));
	for (; item != NULL; item = node->kind == YAML_SEQUENCE ? item->next : NULL) {
		if (item->kind != YAML_SCALAR)
			return yaml_error(reading->doc, item, reading->error,
					  "%s takes a list of plain values",
					  option->key);
		if (list->count == OPTION_LIST_MAX)
			return yaml_error(reading->doc, item, reading->error,
					  "%s: more than %d items", option->key,
					  OPTION_LIST_MAX);
		if (expand_variables(reading, item, &list->items[list->count]) < 0)
			return -1;
		list->count++;
	}
	return 0;
}

static int read_map(const struct reading *reading, const struct config_option *option,
		    const struct yaml_node *node)
{
	struct option_map *map = place_of(reading, option);

	map_free(map);
	if (node->kind != YAML_MAPPING)
		return yaml_error(reading->doc, node, reading->error,
				  "%s takes \"name: value\" lines", option->key);
	map->names.items = mem_calloc(OPTION_LIST_MAX + 1, sizeof(char *));
	map->values.items = mem_calloc(OPTION_LIST_MAX + 1, sizeof(char *));
	for (const struct yaml_node *item = node->first_child; item != NULL;
	     item = item->next) {
		size_t at = map->values.count;

		if (item->kind != YAML_SCALAR)
			return yaml_error(reading->doc, item, reading->error,
					  "%s takes plain values", option->key);
		if (at == OPTION_LIST_MAX)
			return yaml_error(reading->doc, item, reading->error,
					  "%s: more than %d items", option->key,
					  OPTION_LIST_MAX);
		if (expand_variables(reading, item, &map->values.items[at]) < 0)
			return -1;
		if (map->values.items[at] == NULL)
			map->values.items[at] = mem_strdup("");
		map->values.count++;
		map->names.items[at] = mem_slice_dup(item->key);
		map->names.count++;
	}
	return 0;
}

static int read_number(const struct reading *reading,
		       const struct config_option *option, const struct yaml_node *node)
{
	int64_t *place = place_of(reading, option);
	int64_t value = 0;
	int status = -1;

	if (option->type == OPTION_BYTES)
		status = yaml_read_bytes(reading->doc, node, &value, reading->error);
	else if (option->type == OPTION_DURATION)
		status = yaml_read_duration_us(reading->doc, node, &value,
					       reading->error);
	else
		status = yaml_read_int(reading->doc, node, &value, reading->error);
	if (status < 0)
		return -1;
	if (value < option->min || value > option->max)
		return yaml_error(
			reading->doc, node, reading->error,
			"%s must lie between %" PRId64 " and %" PRId64
			"%s, it is %" PRId64,
			option->key, option->min, option->max,
			option->type == OPTION_DURATION ? " microseconds" : "", value);
	*place = value;
	return 0;
}

static int read_option(const struct reading *reading,
		       const struct config_option *option, const struct yaml_node *node)
{
	switch (option->type) {
	case OPTION_STRING:
	case OPTION_CHOICE:
		return read_string(reading, option, node);
	case OPTION_LIST:
		return read_list(reading, option, node);
	case OPTION_MAP:
		return read_map(reading, option, node);
	case OPTION_BOOL:
		return yaml_read_bool(reading->doc, node, place_of(reading, option),
				      reading->error);
	case OPTION_INT:
	case OPTION_BYTES:
	case OPTION_DURATION:
		break;
	}
	return read_number(reading, option, node);
}

static const struct config_option *find_option(const struct reading *reading,
					       const char *key)
{
	for (size_t i = 0; i < reading->table->count; i++) {
		const struct config_option *option = &reading->table->options[i];

		if (is_known(option, reading->kind) && strcmp(option->key, key) == 0)
			return option;
	}
	return NULL;
}

static bool is_section(const struct reading *reading, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < reading->table->count; i++) {
		const struct config_option *option = &reading->table->options[i];

		if (is_known(option, reading->kind) &&
		    strncmp(option->key, key, len) == 0 && option->key[len] == '.')
			return true;
	}
	return false;
}

static size_t section_len(const char *key)
{
	const char *dot = strchr(key, '.');

	return dot == NULL ? 0 : (size_t)(dot - key);
}

/* names lie in space, one after the other, so that they outlive the offering */
static void offer_sections(const struct reading *reading, struct nearest *nearest,
			   char *space, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < reading->table->count; i++) {
		const char *key = reading->table->options[i].key;
		size_t len = section_len(key);

		if (len == 0 || used + len + 1 > size)
			continue;
		memcpy(space + used, key, len);
		space[used + len] = '\0';
		nearest_offer(nearest, space + used);
		used += len + 1;
	}
}

static int unknown_key(const struct reading *reading, const struct yaml_node *node,
		       const char *key)
{
	struct nearest nearest = nearest_init(slice_str(key));
	char sections[SECTIONS_BYTES];
	const char *best = NULL;

	offer_sections(reading, &nearest, sections, sizeof(sections));

	for (size_t i = 0; i < reading->table->count; i++) {
		if (is_known(&reading->table->options[i], reading->kind))
			nearest_offer(&nearest, reading->table->options[i].key);
	}
	if (reading->table->foreign_key != NULL)
		nearest_offer(&nearest, reading->table->foreign_key);
	best = nearest_best(&nearest);
	if (best == NULL)
		return yaml_error(reading->doc, node, reading->error,
				  "unknown key \"%s\"", key);
	return yaml_error(reading->doc, node, reading->error,
			  "unknown key \"%s\", did you mean \"%s\"?", key, best);
}

/* sections are nested at most once: the tables have keys of one or two parts */
static int read_mapping(const struct reading *reading, const struct yaml_node *mapping,
			const char *section)
{
	for (const struct yaml_node *node = mapping->first_child; node != NULL;
	     node = node->next) {
		struct buf key = { 0 };
		const struct config_option *option = NULL;
		int status = 0;

		buf_printf(&key, "%s%s%.*s", section, section[0] == '\0' ? "" : ".",
			   (int)node->key.len, node->key.ptr);
		buf_append_char(&key, '\0');
		option = find_option(reading, key.data);
		if (option != NULL)
			status = read_option(reading, option, node);
		else if (section[0] == '\0' && is_section(reading, key.data) &&
			 node->kind == YAML_MAPPING)
			status = read_mapping(reading, node, key.data); /* depth 2 */
		else if (reading->table->foreign_key == NULL ||
			 strcmp(reading->table->foreign_key, key.data) != 0)
			status = unknown_key(reading, node, key.data);
		buf_deinit(&key);
		if (status < 0)
			return -1;
	}
	return 0;
}

/* a default is read as if it stood in a file, so that it obeys the same rules */
static int set_default(const struct reading *reading,
		       const struct config_option *option)
{
	const struct yaml_doc doc = { .name = "built-in default" };
	struct reading inner = *reading;
	struct yaml_node node = { .kind = YAML_SCALAR, .plain = true, .line = 1 };

	if (option->fallback == NULL)
		return 0;
	node.text = slice_str(option->fallback);
	inner.doc = &doc;
	return read_option(&inner, option, &node);
}

int options_read(const struct option_table *table, const struct option_text *text,
		 void *target, struct error *error)
{
	const struct reading reading = { table, text->doc, text->kind, target, error };

	for (size_t i = 0; i < table->count; i++) {
		if (set_default(&reading, &table->options[i]) < 0)
			return -1;
	}
	if (text->mapping == NULL)
		return 0;
	if (text->mapping->kind != YAML_MAPPING)
		return yaml_error(text->doc, text->mapping, error,
				  "expected \"key: value\" lines");
	return read_mapping(&reading, text->mapping, "");
}

void options_free(const struct option_table *table, void *target)
{
	const struct reading reading = { .table = table, .target = target };

	for (size_t i = 0; i < table->count; i++) {
		const struct config_option *option = &table->options[i];

		if (option->type == OPTION_LIST) {
			list_free(place_of(&reading, option));
		} else if (option->type == OPTION_MAP) {
			map_free(place_of(&reading, option));
		} else if (option->type == OPTION_STRING ||
			   option->type == OPTION_CHOICE) {
			char **place = place_of(&reading, option);

			mem_free(*place);
			*place = NULL;
		}
	}
}

void options_describe(const struct option_table *table, unsigned kind,
		      const char *indent, struct buf *out)
{
	const char *section = "";
	size_t len = 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct config_option *option = &table->options[i];
		const char *name = option->key;

		if (!is_known(option, kind))
			continue;
		if (section_len(name) != len || strncmp(section, name, len) != 0) {
			section = name;
			len = section_len(name);
			if (len > 0)
				buf_printf(out, "\n%s%.*s:\n", indent, (int)len, name);
		}
		name += len > 0 ? len + 1 : 0;
		buf_printf(out, "%s%s# %s", indent, len > 0 ? "  " : "", option->help);
		if (option->choices != NULL)
			buf_printf(out, " (%s)", option->choices);
		buf_printf(out, "\n%s%s%s%s:%s%s\n", indent, len > 0 ? "  " : "",
			   option->fallback == NULL ? "# " : "", name,
			   option->fallback == NULL ? "" : " ",
			   option->fallback == NULL ? "" : option->fallback);
	}
}
