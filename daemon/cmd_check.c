/* cmd_check.c - `siftd check` and `siftd config` */
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/arguments.h"
#include "daemon/cmd.h"
#include "daemon/config.h"
#include "daemon/shipped_rules.h"
#include "daemon/store.h"
#include "daemon/telling.h"
#include "pipeline/rules.h"

/* what is no mistake, but often meant otherwise */
static void warn_of_path(const struct source_config *source, const char *pattern)
{
	glob_t found = { 0 };

	/* start-up: no other thread runs */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	if (glob(pattern, 0, NULL, &found) != 0)
		(void)fprintf(stderr,
			      "siftd: warning: source \"%s\": nothing is at %s now\n",
			      source->name, pattern);
	/* what is excluded need not be readable */
	for (size_t i = 0; source->exclude.count == 0 && i < found.gl_pathc; i++) {
		struct error error = { 0 };

		if (access(found.gl_pathv[i], R_OK) == 0)
			continue;
		(void)error_set_errno(&error, "you may not read %s", found.gl_pathv[i]);
		(void)fprintf(stderr, "siftd: warning: source \"%s\": %s\n",
			      source->name, error.text);
	}
	globfree(&found);
}

static void warn(const struct config *config)
{
	for (size_t i = 0; i < config->sources_count; i++) {
		const struct source_config *source = &config->sources[i];

		for (size_t k = 0;
		     source->kind == SOURCE_FILE && k < source->paths.count; k++)
			warn_of_path(source, source->paths.items[k]);
	}
}

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
	if (status == 0) {
		warn(config);
		(void)printf("%s: ok, %zu source%s, %zu rules\n",
			     path == NULL ? "defaults" : path, config->sources_count,
			     config->sources_count == 1 ? "" : "s", rules_count(rules));
	}
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
		"Reads the configuration and the rules, and warns of paths of files where nothing\n"
		"is or may be read. Exit status: 0 they are good, 78 they are not, and standard\n"
		"error says where.\n",
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
