/* cmd_routes.c - prints the table of routes, for those who judge it and for tests */
#include <stdio.h>
#include <string.h>

#include "api/routes.h"
#include "daemon/cmd.h"

static const char usage[] =
	"usage: siftd routes\n\n"
	"Prints all routes of the HTTP interface as JSON: method, path, who may call\n"
	"(access), what the path's ids name (scope), and the rate limit that counts.\n";

int cmd_routes(int argc, char **argv)
{
	struct buf text = { 0 };

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		(void)fputs(usage, stdout); /* terminal gone: no one reads */
		return 0;
	}
	if (argc != 1) {
		(void)fputs(usage, stderr); /* see above */
		return EXIT_USAGE;
	}
	route_write_table(&api_routes, &text);
	buf_append_char(&text, '\n');
	(void)fwrite(text.data, 1, text.len, stdout); /* see above */
	buf_deinit(&text);
	return 0;
}
