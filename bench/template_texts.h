/* template_texts.h - the texts of the messages, by family */
#ifndef SIFTD_BENCH_TEMPLATE_TEXTS_H
#define SIFTD_BENCH_TEMPLATE_TEXTS_H

#include <stddef.h>

#include "bench/templates.h"

struct template_list {
	const struct template_text *texts;
	size_t count;
};

extern const struct template_list template_lists[FAMILY_COUNT];

/* messages of applications are also put together: verb + object, then how it went */
extern const char *const template_verbs[];
extern const char *const template_objects[];
extern const char *const template_reasons[];
extern const size_t template_verbs_count, template_objects_count,
	template_reasons_count;

#endif
