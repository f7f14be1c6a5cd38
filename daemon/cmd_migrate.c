/* cmd_migrate.c - `siftd migrate` */
#include <stdio.h>

#include "daemon/arguments.h"
#include "daemon/cmd.h"
#include "daemon/config.h"
#include "daemon/store.h"
#include "sinks/pg_schema.h"

int cmd_migrate(int argc, char **argv)
{
	struct config *config = NULL;
	struct store *store = NULL;
	struct error error = { 0 };
	const char *path = NULL;
	int status = arguments_config(
		argc, argv,
		"usage: siftd migrate [--config FILE]\n\n"
		"Brings the schema of the configured (or embedded) database up to date and\n"
		"prints its version. `siftd run` does the same when it starts.\n",
		&path);

	if (status != 0)
		return status < 0 ? EXIT_USAGE : 0;
	if (config_load(path, &config, &error) < 0) {
		(void)fprintf(stderr, "siftd: %s\n", error.text);
		return EXIT_CONFIG;
	}
	status = store_start(config, &store, &error);
	if (status == 0)
		(void)printf("schema version %u\n", pg_schema_known());
	else
		(void)fprintf(stderr, "siftd: %s\n", error.text);
	store_stop(&store);
	config_free(&config);
	return status < 0 ? 1 : 0;
}
