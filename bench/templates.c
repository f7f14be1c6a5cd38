/* templates.c - texts taken apart once, so that a message costs its values only */
#include "bench/templates.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "bench/template_texts.h"
#include "bench/values.h"

#define PARTS_MAX 24
#define ERROR_RARITY 3

/* literal bytes, then a value */
struct part {
	struct slice literal;
	value_fn *value; /* NULL at the end of a text */
};

struct template
{
	enum severity severity;
	const char *program;
	char *text; /* owned */
	struct part parts[PARTS_MAX];
	size_t parts_count;
};

struct template_family {
	struct template *items;
	size_t count;
	size_t capacity;
};

struct templates {
	struct template_family families[FAMILY_COUNT];
};

static void take_apart(struct template *target)
{
	const char *at = target->text;
	while (*at != '\0') {
		assert(target->parts_count < PARTS_MAX);
		struct part *part = &target->parts[target->parts_count++];
		size_t len = strcspn(at, "{");
		part->literal = slice_of(at, len);
		at += len;
		if (*at == '\0')
			break;
		len = strcspn(++at, "}");
		part->value = value_find(slice_of(at, len));
		assert(part->value != NULL);
		at += len + 1;
	}
}

static void add_template(struct template_family *family, enum severity severity,
			 const char *program, char *text)
{
	mem_grow(&family->items, &family->capacity, family->count,
		 sizeof(family->items[0]));
	struct template *added = &family->items[family->count++];
	*added = (struct template){ .severity = severity,
				    .program = program,
				    .text = text };
	take_apart(added);
}

static void add_combinations(struct template_family *family)
{
	for (size_t i = 0;
	     i < template_reasons_count * template_objects_count * template_verbs_count;
	     i++) {
		/* neighbours differ in verb, then object, then outcome */
		size_t verb = i % template_verbs_count;
		size_t object = i / template_verbs_count % template_objects_count;
		size_t reason = i / template_verbs_count / template_objects_count;
		struct buf text = { 0 };
		buf_printf(&text, "%s %s %s", template_verbs[verb],
			   template_objects[object], template_reasons[reason]);
		add_template(family, reason == 0 ? SEVERITY_INFO : SEVERITY_ERROR, NULL,
			     buf_take(&text));
	}
}

struct templates *templates_new(void)
{
	struct templates *templates = mem_calloc(1, sizeof(*templates));
	for (size_t f = 0; f < FAMILY_COUNT; f++) {
		const struct template_list *list = &template_lists[f];
		for (size_t i = 0; i < list->count; i++)
			add_template(&templates->families[f], list->texts[i].severity,
				     list->texts[i].program,
				     mem_strdup(list->texts[i].text));
	}
	add_combinations(&templates->families[FAMILY_APPLICATION]);
	return templates;
}

void templates_free(struct templates **templates)
{
	if (*templates == NULL)
		return;
	for (size_t f = 0; f < FAMILY_COUNT; f++) {
		struct template_family *family = &(*templates)->families[f];
		for (size_t i = 0; i < family->count; i++)
			mem_free(family->items[i].text);
		mem_free(family->items);
	}
	mem_free(*templates);
	*templates = NULL;
}

size_t templates_count(const struct templates *templates)
{
	size_t count = 0;
	for (size_t f = 0; f < FAMILY_COUNT; f++)
		count += templates->families[f].count;
	return count;
}

const struct template *templates_choose(const struct templates *templates,
					enum family family, struct random *random)
{
	const struct template_family *from = &templates->families[family];
	const struct template *chosen = NULL;

	/* a third of the templates are errors; of the lines of a system that works most
	 * of the time a few per cent are */
	for (unsigned again = 0; again < ERROR_RARITY; again++) {
		chosen = &from->items[random_skewed(random, (uint32_t)from->count)];
		if (chosen->severity < SEVERITY_ERROR)
			break;
	}
	return chosen;
}

enum severity template_severity(const struct template *chosen)
{
	return chosen->severity;
}

const char *template_program(const struct template *chosen)
{
	return chosen->program;
}

void template_write(const struct template *chosen, struct random *random,
		    struct buf *out)
{
	for (size_t i = 0; i < chosen->parts_count; i++) {
		buf_append_slice(out, chosen->parts[i].literal);
		if (chosen->parts[i].value != NULL)
			chosen->parts[i].value(random, out);
	}
}
