/* cmd_doctor.c - `siftd doctor`: is everything as it should be? */
#include <getopt.h>
#include <stdio.h>

#include "daemon/arguments.h"
#include "daemon/cmd.h"
#include "daemon/doctor.h"
#include "daemon/shipped_rules.h"
#include "daemon/store.h"
#include "pipeline/rules.h"

static const char usage[] =
	"usage: siftd doctor [--config FILE] [--json] [--repair]\n\n"
	"Looks at the configuration, the rules, the database and its schema, every frame\n"
	"of the spool, stored positions, and the sums of the ledger. A daemon may run\n"
	"meanwhile. --repair, with the daemon stopped, mends the spool: damaged bytes are\n"
	"set aside in .corrupt files, and what was never acknowledged is cut off.\n"
	"Exit status: 0 all is well or was mended, 1 something failed, 3 there are\n"
	"warnings, 78 the configuration cannot be read.\n";

#define EXIT_WARNINGS 3

struct wishes {
	const char *config;
	bool json;
	bool repair;
};

/* 0, 1: help was asked for, -1: wrong usage */
static int read_words(int argc, char **argv, struct wishes *wishes)
{
	static const struct option words[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "repair", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int word = 0;

	while ((word = arguments_next(argc, argv, "c:h", words, NULL)) != -1) {
		if (word == 'h')
			return 1;
		if (word == 'c')
			wishes->config = optarg;
		else if (word == 'j')
			wishes->json = true;
		else if (word == 'r')
			wishes->repair = true;
		else
			return -1;
	}
	return optind == argc ? 0 : -1;
}

/* false: nothing else can be looked at */
static bool check_config(struct doctor_report *report, const struct wishes *wishes,
			 struct config **out)
{
	struct rules *rules = NULL;
	struct error error;

	if (config_load(wishes->config, out, &error) < 0) {
		doctor_add(report, "configuration", DOCTOR_FAILED, "%s", error.text);
		return false;
	}
	doctor_add(report, "configuration", DOCTOR_OK, "%s, %zu sources",
		   wishes->config == NULL ? "defaults" : wishes->config,
		   (*out)->sources_count);
	if (store_check_url(*out, &error) < 0)
		doctor_add(report, "configuration", DOCTOR_FAILED, "%s", error.text);
	if (shipped_rules_load((*out)->rules_dir, &rules, &error) < 0)
		doctor_add(report, "rules", DOCTOR_FAILED, "%s", error.text);
	else
		doctor_add(report, "rules", DOCTOR_OK, "%zu", rules_count(rules));
	rules_free(&rules);
	return true;
}

static int status_of(const struct doctor_report *report, bool configured)
{
	if (!configured)
		return EXIT_CONFIG;
	if (report->worst == DOCTOR_FAILED)
		return 1;
	return report->worst == DOCTOR_WARNING ? EXIT_WARNINGS : 0;
}

int cmd_doctor(int argc, char **argv)
{
	struct wishes wishes = { 0 };
	struct doctor_report report = { 0 };
	struct config *config = NULL;
	struct buf out = { 0 };
	int status = read_words(argc, argv, &wishes);
	bool configured = false;

	if (status != 0) {
		(void)fputs(usage, status > 0 ? stdout : stderr); /* no one reads */
		return status > 0 ? 0 : EXIT_USAGE;
	}
	configured = check_config(&report, &wishes, &config);
	if (configured) {
		doctor_check_spool(&report, config, wishes.repair);
		doctor_check_store(&report, config);
	}
	if (wishes.json)
		doctor_write_json(&report, &out);
	else
		doctor_write_text(&report, &out);
	(void)fwrite(out.data, 1, out.len, stdout); /* the status says it too */
	status = status_of(&report, configured);
	buf_deinit(&out);
	doctor_report_deinit(&report);
	config_free(&config);
	return status;
}
