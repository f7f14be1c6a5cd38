/* cmd_user.c - `siftd user`: accounts without the HTTP interface */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/passwords.h"
#include "api/token.h"
#include "base/compiler.h"
#include "daemon/arguments.h"
#include "daemon/cmd.h"
#include "daemon/cmd_store.h"
#include "sinks/pg_sync.h"

#define LIST_COLUMNS 4

static const char usage[] =
	"usage: siftd user create EMAIL [--name NAME] [--org ORG] [--role admin|member]\n"
	"                         [--password-stdin] [--config FILE]\n"
	"       siftd user list [--config FILE]\n"
	"       siftd user password EMAIL [--password-stdin] [--config FILE]\n"
	"       siftd user promote|demote EMAIL --org ORG [--config FILE]\n\n"
	"Accounts, also where registration is closed. create makes an organisation of\n"
	"its own for the account, or lets it join ORG, which is given by its name or its\n"
	"id, as a member. A password is read as one line from standard input, or made and\n"
	"printed. password ends all sessions of the account. A running daemon knows at\n"
	"once, and the audit tells of it.\n";

struct wishes {
	const char *verb;
	const char *email;
	const char *config;
	const char *name;
	const char *org;
	const char *role;
	bool password_stdin;
};

static bool take_word(struct wishes *wishes, int word)
{
	switch (word) {
	case 'c':
		wishes->config = optarg;
		return true;
	case 'n':
		wishes->name = optarg;
		return true;
	case 'o':
		wishes->org = optarg;
		return true;
	case 'r':
		wishes->role = optarg;
		return strcmp(optarg, "admin") == 0 || strcmp(optarg, "member") == 0;
	case 'p':
		wishes->password_stdin = true;
		return true;
	default:
		return false;
	}
}

static bool is_verb(const struct wishes *wishes, const char *verb)
{
	return strcmp(wishes->verb, verb) == 0;
}

/* each verb has its own words */
static bool words_fit(const struct wishes *wishes)
{
	bool create = is_verb(wishes, "create");
	bool changes_role = is_verb(wishes, "promote") || is_verb(wishes, "demote");
	bool password = is_verb(wishes, "password");

	if (!create && !changes_role && !password && !is_verb(wishes, "list"))
		return false;
	if ((wishes->email == NULL) != is_verb(wishes, "list") ||
	    (wishes->name != NULL && !create) || (wishes->role != NULL && !create) ||
	    (wishes->password_stdin && !create && !password))
		return false;
	if (changes_role)
		return wishes->org != NULL;
	return wishes->org == NULL ? wishes->role == NULL : create;
}

/* 0, 1: help was asked for, -1: wrong usage */
static int read_words(int argc, char **argv, struct wishes *wishes)
{
	static const struct option words[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "name", required_argument, NULL, 'n' },
		{ "org", required_argument, NULL, 'o' },
		{ "role", required_argument, NULL, 'r' },
		{ "password-stdin", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int word = 0;

	while ((word = arguments_next(argc, argv, "c:h", words, NULL)) != -1) {
		if (word == 'h')
			return 1;
		if (!take_word(wishes, word))
			return -1;
	}
	wishes->verb = optind < argc ? argv[optind++] : "";
	wishes->email = optind < argc ? argv[optind++] : NULL;
	if (optind == argc && words_fit(wishes))
		return 0;
	(void)fprintf(stderr, "siftd user: these words do not go together:\n");
	return -1;
}

/* the password's hash; one that was made is printed */
static int make_hash(const struct wishes *wishes, char hash[PASSWORD_HASH_SIZE],
		     struct error *error)
{
	char text[PASSWORD_BYTES_MAX + 2] = { 0 };
	size_t len = 0;

	if (!wishes->password_stdin) {
		password_make(text);
	} else if (fgets(text, sizeof(text), stdin) == NULL) {
		return error_set(error, "there is no password on standard input");
	}
	len = strcspn(text, "\r\n");
	if (len < PASSWORD_BYTES_MIN || len > PASSWORD_BYTES_MAX)
		return error_set(error, "a password has %d to %d bytes",
				 PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX);
	if (password_hash(slice_of(text, len), hash) != 0)
		return error_set(error, "there is no memory to hash a password");
	if (!wishes->password_stdin)
		(void)printf("%s\n", text);
	return 0;
}

/* one row is changed, or the error says that there is none */
static int change_one(struct pg_sync *sync, const char *sql, const char *const *params,
		      const char *nothing, struct error *error)
{
	const struct pg_rows *rows = NULL;

	if (pg_sync_query(sync, sql, params, &rows, error) < 0)
		return -1;
	return pg_rows_affected(rows) == 1 ? 0 : error_set(error, "%s", nothing);
}

static const char create_sql[] =
	"WITH person AS (INSERT INTO siftd.users (name, email, password_hash)"
	"  VALUES (coalesce($2, $1), $1, $3) RETURNING id, name),"
	" own AS (INSERT INTO siftd.organisations (name)"
	"  SELECT name || '''s Organization' FROM person WHERE $4::text IS NULL"
	"  RETURNING id),"
	" place AS (SELECT id FROM own UNION ALL SELECT id FROM siftd.organisations"
	"  WHERE id::text = $4 OR name = $4)"
	" INSERT INTO siftd.memberships (organisation_id, user_id, role)"
	" SELECT place.id, person.id, coalesce($5,"
	"  CASE WHEN $4::text IS NULL THEN 'admin' ELSE 'member' END) FROM place, person";

static int create(struct pg_sync *sync, const struct wishes *wishes,
		  struct error *error)
{
	char hash[PASSWORD_HASH_SIZE];
	const char *const params[] = { wishes->email, wishes->name, hash,
				       wishes->org,   wishes->role, NULL };
	const struct pg_rows *rows = NULL;

	if (strchr(wishes->email, '@') == NULL)
		return error_set(error, "%s is no e-mail address", wishes->email);
	/* a transaction, so that an account without organisation is none */
	if (make_hash(wishes, hash, error) < 0 ||
	    pg_sync_exec(sync, "BEGIN", &rows, error) < 0 ||
	    change_one(sync, create_sql, params,
		       "there is no such organisation, or more than one", error) < 0)
		return -1;
	return pg_sync_exec(sync, "COMMIT", &rows, error);
}

static int list(struct pg_sync *sync, const struct wishes *wishes, struct error *error)
{
	const char *const params[] = { NULL };
	const struct pg_rows *rows = NULL;

	(void)wishes; /* there are none */
	if (pg_sync_query(
		    sync,
		    "SELECT regexp_replace(u.email, '[[:cntrl:]]', '?', 'g'),"
		    " coalesce(m.role, '-'), coalesce(o.id::text, '-'),"
		    " regexp_replace(coalesce(o.name, '-'), '[[:cntrl:]]', '?', 'g')"
		    " FROM siftd.users AS u"
		    " LEFT JOIN siftd.memberships AS m ON m.user_id = u.id"
		    " LEFT JOIN siftd.organisations AS o ON o.id = m.organisation_id"
		    " ORDER BY u.id, o.id",
		    params, &rows, error) < 0)
		return -1;
	(void)printf("EMAIL\tROLE\tORG-ID\tORGANISATION\n");
	cmd_print_rows(rows, LIST_COLUMNS);
	return 0;
}

static int change_password(struct pg_sync *sync, const struct wishes *wishes,
			   struct error *error)
{
	char hash[PASSWORD_HASH_SIZE];
	const char *const params[] = { wishes->email, hash, NULL };

	if (make_hash(wishes, hash, error) < 0)
		return -1;
	return change_one(sync,
			  "WITH ended AS (DELETE FROM siftd.sessions AS s"
			  "  USING siftd.users AS u WHERE s.user_id = u.id"
			  "  AND lower(u.email) = lower($1))"
			  " UPDATE siftd.users SET password_hash = $2"
			  " WHERE lower(email) = lower($1)",
			  params, "there is no such account", error);
}

static int change_role(struct pg_sync *sync, const struct wishes *wishes,
		       struct error *error)
{
	const char *const params[] = { wishes->email, wishes->org,
				       is_verb(wishes, "promote") ? "admin" : "member",
				       NULL };

	return change_one(
		sync,
		"UPDATE siftd.memberships AS m SET role = $3 FROM siftd.users AS u,"
		" siftd.organisations AS o WHERE m.user_id = u.id"
		" AND m.organisation_id = o.id AND lower(u.email) = lower($1)"
		" AND (o.id::text = $2 OR o.name = $2)"
		/* whoever has SQL could do it; but it would be a mistake */
		" AND ($3 = 'admin' OR EXISTS (SELECT FROM siftd.memberships AS a"
		"  WHERE a.organisation_id = o.id AND a.role = 'admin'"
		"  AND a.user_id <> u.id))",
		params, "there is no such member, or it is the last admin", error);
}

static const struct {
	const char *verb;
	int (*run)(struct pg_sync *sync, const struct wishes *wishes,
		   struct error *error);
} verbs[] = { { "create", create },
	      { "list", list },
	      { "password", change_password },
	      { "promote", change_role },
	      { "demote", change_role } };

static int run(void *context, const struct config *config, const struct store *store,
	       struct error *error)
{
	const struct wishes *wishes = context;
	struct pg_sync *sync = NULL;
	const struct pg_rows *rows = NULL;
	char actor[64];
	const char *const params[] = { actor, NULL };
	int status = pg_sync_open(store_conninfo(store), &sync, error);

	(void)config; /* the database is all */
	/* fits; for the audit */
	(void)snprintf(actor, sizeof(actor), "siftd user, uid %u", (unsigned)getuid());
	if (status == 0)
		status = pg_sync_query(sync,
				       "SELECT set_config('siftd.actor', $1, false)",
				       params, &rows, error);
	for (size_t i = 0; status == 0 && i < ARRAY_LEN(verbs); i++) {
		if (is_verb(wishes, verbs[i].verb)) {
			status = verbs[i].run(sync, wishes, error);
			break;
		}
	}
	pg_sync_close(&sync);
	return status;
}

int cmd_user(int argc, char **argv)
{
	struct wishes wishes = { 0 };
	int status = read_words(argc, argv, &wishes);
	const struct cmd_store command = { "user", wishes.config, run, &wishes };

	return status == 0 ? cmd_store_run(&command) : cmd_usage(usage, status);
}
