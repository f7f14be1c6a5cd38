/* backtest_print.c - a rule, its findings, their episodes and evidence, indented */
#include "daemon/backtest_print.h"

#include <jansson.h>
#include <stdio.h>

/* a log may hold what a terminal obeys */
static void print_safe(const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		(void)putchar(c < ' ' || c == 0x7f ? ' ' : c);
	}
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

static long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void print_episodes(const json_t *finding)
{
	const json_t *list = json_object_get(finding, "episodes");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *episode = json_array_get(list, i);

		(void)printf(
			"    %s to %s, %lld events", text_of(episode, "first_seen"),
			text_of(episode, "last_seen"), number_of(episode, "total"));
		if (json_object_get(episode, "peak") != NULL)
			(void)printf(", peak %lld", number_of(episode, "peak"));
		(void)putchar('\n');
	}
}

static void print_captures(json_t *captures)
{
	const char *name = NULL;
	json_t *value = NULL;

	json_object_foreach(captures, name, value)
	{
		(void)printf("      %s=", name);
		print_safe(json_string_value(value));
		(void)putchar('\n');
	}
}

static void print_evidence(const json_t *finding)
{
	const json_t *list = json_object_get(finding, "evidence");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		bool lines = json_object_get(item, "line") != NULL;

		(void)printf("    %s %lld: ", lines ? "line" : "seq",
			     number_of(item, lines ? "line" : "seq"));
		print_safe(text_of(item, "raw"));
		(void)putchar('\n');
		print_captures(json_object_get(item, "captures"));
	}
}

static void print_finding(const json_t *finding)
{
	bool fires = json_is_true(json_object_get(finding, "fires"));

	(void)printf("  %s [%s] ", fires ? "fires" : "near ",
		     text_of(finding, "severity"));
	print_safe(text_of(finding, "key"));
	(void)printf(" %lld events, %lld templates", number_of(finding, "occurrences"),
		     number_of(finding, "templates"));
	if (!fires && json_object_get(finding, "peak") != NULL)
		(void)printf(", peak %lld", number_of(finding, "peak"));
	(void)putchar('\n');
	print_episodes(finding);
	print_evidence(finding);
}

static void print_answer(const json_t *answer)
{
	const json_t *findings = json_object_get(answer, "findings");

	(void)printf("%s: %lld of %lld keys fire, %lld of %lld events match",
		     text_of(answer, "rule"), number_of(answer, "firing"),
		     number_of(answer, "keys"), number_of(answer, "matching"),
		     number_of(answer, "events"));
	if (json_object_get(answer, "templates") != NULL)
		(void)printf(" (%lld of %lld templates may)",
			     number_of(answer, "candidate_templates"),
			     number_of(answer, "templates"));
	if (!json_is_true(json_object_get(answer, "complete")))
		(void)printf(", cut by %s", text_of(answer, "cut_by"));
	(void)printf(", %.3f s\n",
		     json_number_value(json_object_get(answer, "seconds")));
	for (size_t i = 0; i < json_array_size(findings); i++)
		print_finding(json_array_get(findings, i));
}

void backtest_print(struct slice answers)
{
	while (answers.len > 0) {
		const char *end = memchr(answers.ptr, '\n', answers.len);
		size_t len = end == NULL ? answers.len : (size_t)(end - answers.ptr);
		json_t *answer = json_loadb(answers.ptr, len, 0, NULL);

		if (answer != NULL)
			print_answer(answer);
		json_decref(answer);
		answers = slice_from(answers, end == NULL ? len : len + 1);
	}
}
