/* cmd_check.c - `siftd check` and `siftd config` */
#include <stdio.h>

#include "daemon/arguments.h"
#include "daemon/cmd.h"
#include "daemon/config.h"
#include "daemon/shipped_rules.h"
#include "daemon/store.h"
#include "daemon/telling.h"
#include "pipeline/rules.h"

static int check(const char *path, struct error *error)
{
	struct config *config = NULL;
	struct rules *rules = NULL;
	int status = config_load(path, &config, error);

	if (status == 0)
		status = store_check_url(config, error);
	if (status == 0)
		status = telling_check(config, error);
	if (status == 0)
		status = shipped_rules_load(config->rules_dir, &rules, error);
	if (status == 0)
		(void)printf("%s: ok, %zu sources, %zu rules\n",
			     path == NULL ? "defaults" : path, config->sources_count,
			     rules_count(rules));
	rules_free(&rules);
	config_free(&config);
	return status;
}

int cmd_check(int argc, char **argv)
{
	struct error error = { 0 };
	const char *path = NULL;
	int status = arguments_config(
		argc, argv,
		"usage: siftd check [--config FILE]\n\n"
		"Reads the configuration and the rules. Exit status: 0 they are good, 78 they\n"
		"are not, and standard error says where.\n",
		&path);

	if (status != 0)
		return status < 0 ? EXIT_USAGE : 0;
	if (check(path, &error) < 0) {
		(void)fprintf(stderr, "siftd: %s\n", error.text);
		return EXIT_CONFIG;
	}
	return 0;
}

int cmd_config(int argc, char **argv)
{
	struct buf text = { 0 };
	const char *path = NULL;
	int status = arguments_config(
		argc, argv,
		"usage: siftd config\n\n"
		"Prints every option with its default and meaning, as a "
		"file to start from.\n",
		&path);

	if (status != 0)
		return status < 0 ? EXIT_USAGE : 0;
	config_describe(&text);
	(void)fwrite(text.data, 1, text.len, stdout);
	buf_deinit(&text);
	return 0;
}
