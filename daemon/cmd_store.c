/* cmd_store.c - configuration, database, messages */
#include "daemon/cmd_store.h"

#include <event2/thread.h>
#include <stdio.h>

#include "api/token.h"
#include "daemon/cmd.h"

int cmd_usage(const char *usage, int read)
{
	(void)fputs(usage, read > 0 ? stdout : stderr); /* no one reads */
	return read > 0 ? 0 : EXIT_USAGE;
}

void cmd_print_rows(const struct pg_rows *rows, size_t columns)
{
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		for (size_t k = 0; k < columns; k++) {
			struct slice text = pg_rows_slice(rows, i, k);

			(void)printf("%s%.*s", k == 0 ? "" : "\t", (int)text.len,
				     text.ptr);
		}
		(void)putchar('\n');
	}
}

static int attach_and_run(const struct cmd_store *command, const struct config *config,
			  struct error *error)
{
	struct store *store = NULL;
	int status = 0;

	if (evthread_use_pthreads() != 0)
		return error_set(error, "libevent has no threads");
	status = token_setup(error);
	if (status == 0)
		status = store_attach(config, &store, error);
	if (status == 0)
		status = command->run(command->context, config, store, error);
	store_stop(&store);
	return status;
}

int cmd_store_run(const struct cmd_store *command)
{
	struct config *config = NULL;
	struct error error = { 0 };
	int status = 0;

	if (config_load(command->config, &config, &error) < 0) {
		(void)fprintf(stderr, "siftd: %s\n", error.text);
		return EXIT_CONFIG;
	}
	status = attach_and_run(command, config, &error);
	if (status < 0)
		(void)fprintf(stderr, "siftd %s: %s%s\n", command->name, error.text,
			      command->config != NULL
				      ? ""
				      : "\nWithout --config FILE every option has its "
					"default.");
	config_free(&config);
	return status < 0 ? 1 : status;
}
