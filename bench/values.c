/* values.c - the variables in generated messages */
#include "bench/values.h"

#include "base/compiler.h"

static const char *const users[] = { "alice",   "bob",   "carol",  "dave",   "erin",
				     "frank",   "grace", "heidi",  "ivan",   "judy",
				     "mallory", "niaj",  "olivia", "peggy",  "rupert",
				     "sybil",   "trent", "victor", "walter", "deploy" };
static const char *const tables[] = {
	"orders", "customers", "sessions",  "payments", "invoices", "products",
	"stock",  "carts",     "shipments", "refunds",  "coupons",  "audit_log"
};
static const char *const services[] = {
	"checkout", "billing",   "catalog",   "identity", "search",   "shipping",
	"payments", "inventory", "frontend",  "gateway",  "notifier", "recommender",
	"pricing",  "reports",   "scheduler", "ledger"
};
static const char *const hosts[] = { "web-01",   "web-02",   "web-03",  "app-01",
				     "app-02",   "app-03",   "db-01",   "db-02",
				     "cache-01", "queue-01", "edge-01", "edge-02" };
static const char *const regions[] = { "eu-west-1", "eu-central-1", "us-east-1",
				       "us-west-2", "ap-south-1" };
static const char *const urls[] = {
	"/api/v1/orders", "/api/v1/cart",   "/api/v1/users",    "/api/v1/search",
	"/healthz",       "/static/app.js", "/login",           "/api/v2/products",
	"/checkout",      "/metrics",       "/images/logo.png", "/api/v1/payments"
};
static const char *const directories[] = { "/var/lib/app",      "/srv/data",
					   "/tmp/upload",       "/var/cache/app",
					   "/opt/app/releases", "/mnt/backup" };

static void append_one_of(struct random *random, struct buf *out,
			  const char *const *words, size_t count)
{
	buf_append_str(out, words[random_skewed(random, (uint32_t)count)]);
}

void value_append_padded(struct buf *out, uint64_t number, unsigned digits)
{
	char text[20];
	for (unsigned i = digits; i-- > 0; number /= 10)
		text[i] = (char)('0' + number % 10);
	buf_append(out, text, digits);
}

void value_append_number(struct buf *out, uint64_t number)
{
	unsigned digits = 1;
	for (uint64_t rest = number / 10; rest != 0; rest /= 10)
		digits++;
	value_append_padded(out, number, digits);
}

void value_append_hex(struct buf *out, uint64_t number, unsigned digits)
{
	char text[16];
	for (unsigned i = digits; i-- > 0; number >>= 4)
		text[i] = "0123456789abcdef"[number & 15];
	buf_append(out, text, digits);
}

/* a few clients make most of the calls */
void value_ip(struct random *random, struct buf *out)
{
	uint32_t client = random_skewed(random, 1u << 16);
	buf_append_str(out, (client & 3) == 0 ? "203.0." : "10.4.");
	value_append_number(out, client >> 8);
	buf_append_char(out, '.');
	value_append_number(out, client & 255);
}

static void value_port(struct random *random, struct buf *out)
{
	value_append_number(out, 32768 + random_below(random, 28232));
}

static void value_small(struct random *random, struct buf *out)
{
	value_append_number(out, 1 + random_skewed(random, 20));
}

static void value_count(struct random *random, struct buf *out)
{
	value_append_number(out, random_skewed(random, 100000));
}

static void value_id(struct random *random, struct buf *out)
{
	value_append_number(out, 10000000 + random_below(random, 80000000));
}

static void value_percent(struct random *random, struct buf *out)
{
	value_append_number(out, random_below(random, 101));
}

static void value_ms(struct random *random, struct buf *out)
{
	value_append_number(out, random_tail(random, 24));
	buf_append_str(out, "ms");
}

static void value_seconds(struct random *random, struct buf *out)
{
	value_append_number(out, random_tail(random, 3));
	buf_append_char(out, '.');
	value_append_padded(out, random_below(random, 1000), 3);
}

void value_bytes(struct random *random, struct buf *out)
{
	value_append_number(out, random_tail(random, 2100));
}

static void value_hex(struct random *random, struct buf *out)
{
	value_append_hex(out, random_next(random), 8);
}

static void value_address(struct random *random, struct buf *out)
{
	buf_append_str(out, "0x");
	value_append_hex(out, random_next(random) >> 16, 12);
}

void value_request_id(struct random *random, struct buf *out)
{
	value_append_hex(out, random_next(random), 16);
}

static void value_uuid(struct random *random, struct buf *out)
{
	value_append_hex(out, random_next(random), 8);
	buf_append_char(out, '-');
	value_append_hex(out, random_next(random), 4);
	buf_append_str(out, "-4");
	value_append_hex(out, random_next(random), 3);
	buf_append_str(out, "-a");
	value_append_hex(out, random_next(random), 3);
	buf_append_char(out, '-');
	value_append_hex(out, random_next(random), 12);
}

static void value_user(struct random *random, struct buf *out)
{
	append_one_of(random, out, users, ARRAY_LEN(users));
}

static void value_email(struct random *random, struct buf *out)
{
	value_user(random, out);
	value_append_number(out, random_skewed(random, 5000));
	buf_append_str(out, "@example.com");
}

static void value_table(struct random *random, struct buf *out)
{
	append_one_of(random, out, tables, ARRAY_LEN(tables));
}

static void value_service(struct random *random, struct buf *out)
{
	append_one_of(random, out, services, ARRAY_LEN(services));
}

static void value_host(struct random *random, struct buf *out)
{
	append_one_of(random, out, hosts, ARRAY_LEN(hosts));
}

static void value_region(struct random *random, struct buf *out)
{
	append_one_of(random, out, regions, ARRAY_LEN(regions));
}

void value_url(struct random *random, struct buf *out)
{
	append_one_of(random, out, urls, ARRAY_LEN(urls));
	if (random_below(random, 3) == 0) {
		buf_append_char(out, '/');
		value_append_number(out, random_skewed(random, 1u << 20));
	}
}

void value_path(struct random *random, struct buf *out)
{
	append_one_of(random, out, directories, ARRAY_LEN(directories));
	buf_append_char(out, '/');
	value_append_hex(out, random_next(random), 6);
	buf_append_str(out, ".dat");
}

static void value_pod(struct random *random, struct buf *out)
{
	value_service(random, out);
	buf_append_char(out, '-');
	value_append_hex(out, random_next(random), 9);
	buf_append_char(out, '-');
	value_append_hex(out, random_next(random), 5);
}

static const struct {
	const char *name;
	value_fn *write;
} values[] = {
	{ "ip", value_ip },           { "port", value_port },
	{ "small", value_small },     { "count", value_count },
	{ "id", value_id },           { "percent", value_percent },
	{ "ms", value_ms },           { "seconds", value_seconds },
	{ "bytes", value_bytes },     { "hex", value_hex },
	{ "address", value_address }, { "request", value_request_id },
	{ "uuid", value_uuid },       { "user", value_user },
	{ "email", value_email },     { "table", value_table },
	{ "service", value_service }, { "host", value_host },
	{ "region", value_region },   { "url", value_url },
	{ "path", value_path },       { "pod", value_pod },
};

value_fn *value_find(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		if (slice_equal(slice_str(values[i].name), name))
			return values[i].write;
	}
	return NULL;
}
