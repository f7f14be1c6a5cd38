/* cmd_rules.c - runs the cases that rules bring along; or tries rules */
#include <stdio.h>
#include <string.h>

#include "daemon/cmd.h"
#include "daemon/shipped_rules.h"
#include "pipeline/rules.h"

static const char usage[] =
	"usage: siftd rules test [FOLDER]\n"
	"       siftd rules backtest RULES [FILE...]   (--help says more)\n\n"
	"test: runs the test cases of all rules in FOLDER/*.yaml, by default those that came\n"
	"with siftd, and prints those that fail. Exit status: 0 none failed, 1 some did.\n";

static void print_failure(void *context, const char *text)
{
	(void)context;
	(void)fprintf(stderr, "%s\n", text); /* the count goes to stdout too */
}

static int test_folder(const char *folder)
{
	struct rules *rules = NULL;
	struct error error = { 0 };
	size_t cases = 0;
	size_t failures = 0;

	if (shipped_rules_load(folder, &rules, &error) != 0) {
		(void)fprintf(stderr, "siftd rules: %s\n", error.text); /* exit 1 */
		return 1;
	}
	failures = rules_test(rules, &cases, print_failure, NULL);
	(void)printf("%zu rules, %zu cases, %zu failed\n", rules_count(rules), cases,
		     failures); /* the exit status says it too */
	rules_free(&rules);
	return failures == 0 ? 0 : 1;
}

int cmd_rules(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "backtest") == 0)
		return cmd_backtest(argc - 1, argv + 1);
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		(void)fputs(usage, stdout); /* terminal gone: no one reads */
		return 0;
	}
	if (argc < 2 || argc > 3 || strcmp(argv[1], "test") != 0) {
		(void)fputs(usage, stderr); /* see above */
		return EXIT_USAGE;
	}
	return test_folder(argc == 3 ? argv[2] : NULL);
}
