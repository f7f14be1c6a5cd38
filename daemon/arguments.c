/* arguments.c - the one option that most subcommands share */
#include "daemon/arguments.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

static const struct option *word_of(const struct option *words, int value)
{
	while (words->name != NULL && words->val != value)
		words++;
	return words->name == NULL ? NULL : words;
}

static void refuse_word(const char *command, const char *text,
			const struct option *words)
{
	struct slice name = { .ptr = text, .len = strcspn(text, "=") };
	struct nearest nearest = nearest_init(name);
	const char *meant = NULL;

	/* the begin of several words is none of them */
	for (; words->name != NULL && meant == NULL; words++) {
		nearest_offer(&nearest, words->name);
		if (strncmp(words->name, name.ptr, name.len) == 0)
			meant = words->name;
	}
	if (meant == NULL)
		meant = nearest_best(&nearest);
	if (meant == NULL)
		(void)fprintf(stderr, "siftd %s: no option \"--%.*s\"\n", command,
			      (int)name.len, name.ptr);
	else
		(void)fprintf(
			stderr,
			"siftd %s: no option \"--%.*s\", did you mean \"--%s\"?\n",
			command, (int)name.len, name.ptr, meant);
}

/* optopt is 0 for an unknown or ambiguous word, else the option's own value or an
 * unknown letter */
static void refuse(const char *command, const char *argument, const char *letters,
		   const struct option *words)
{
	const struct option *known = word_of(words, optopt);
	bool is_word = strncmp(argument, "--", 2) == 0;

	if (optopt == 0)
		refuse_word(command, argument + (is_word ? 2 : 0), words);
	else if (is_word && known != NULL && known->has_arg == no_argument)
		(void)fprintf(stderr, "siftd %s: option \"--%s\" takes no value\n",
			      command, known->name);
	else if (known != NULL && is_word)
		(void)fprintf(stderr, "siftd %s: option \"--%s\" needs a value\n",
			      command, known->name);
	else if (strchr(letters, optopt) != NULL)
		(void)fprintf(stderr, "siftd %s: option \"-%c\" needs a value\n",
			      command, optopt);
	else
		(void)fprintf(stderr, "siftd %s: no option \"-%c\"\n", command, optopt);
}

int arguments_next(int argc, char **argv, const char *letters,
		   const struct option *words, int *index)
{
	int at = optind == 0 ? 1 : optind;
	int word = 0;

	opterr = 0;
	/* start-up: no other thread runs */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	word = getopt_long(argc, argv, letters, words, index);
	if (word == '?')
		refuse(argv[0], argv[optind > at ? optind - 1 : at], letters, words);
	return word;
}

int arguments_config(int argc, char **argv, const char *usage, const char **path)
{
	static const struct option words[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int word = 0;

	*path = NULL;
	while ((word = arguments_next(argc, argv, "c:h", words, NULL)) != -1) {
		if (word == 'h') {
			(void)fputs(usage, stdout);
			return 1;
		}
		if (word != 'c') {
			(void)fputs(usage, stderr);
			return -1;
		}
		*path = optarg;
	}
	if (optind < argc) {
		(void)fprintf(stderr, "siftd %s: unexpected \"%s\"\n%s", argv[0],
			      argv[optind], usage);
		return -1;
	}
	return 0;
}
