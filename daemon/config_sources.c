/* config_sources.c - the option table of sources, and what it cannot say */
#include "daemon/config_sources.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sources/uploads.h"

#define SOURCE_AT(member) offsetof(struct source_config, member)
#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)
#define GIB (INT64_C(1) << 30)
/* names become labels of metrics and keys of positions */
#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

#define TAILS ((unsigned)SOURCE_FILE | (unsigned)SOURCE_KAFKA)
#define SYSLOG_STREAMS ((unsigned)SOURCE_SYSLOG_TCP | (unsigned)SOURCE_SYSLOG_UNIX)
#define SYSLOG_PORTS ((unsigned)SOURCE_SYSLOG_TCP | (unsigned)SOURCE_SYSLOG_UDP)
#define SYSLOG (SYSLOG_STREAMS | SYSLOG_PORTS)
#define ALL (TAILS | SYSLOG)
#define TYPES "file|syslog_tcp|syslog_udp|syslog_unix|kafka"

static const struct {
	const char *type;
	enum source_kind kind;
} kinds[] = {
	{ "file", SOURCE_FILE },
	{ "syslog_tcp", SOURCE_SYSLOG_TCP },
	{ "syslog_udp", SOURCE_SYSLOG_UDP },
	{ "syslog_unix", SOURCE_SYSLOG_UNIX },
	{ "kafka", SOURCE_KAFKA },
};

static const struct config_option source_options[] = {
	{ "type", OPTION_CHOICE, ALL, SOURCE_AT(type), NULL, 0, 0, TYPES,
	  "what kind of source" },
	{ "name", OPTION_STRING, ALL, SOURCE_AT(name), NULL, 0, 0, NULL,
	  "unique; names the source's positions and its ingestion, so keep it" },
	{ "project", OPTION_STRING, ALL, SOURCE_AT(project), "default", 0, 0, NULL,
	  "project that the events belong to; made when absent" },
	{ "paths", OPTION_LIST, SOURCE_FILE, SOURCE_AT(paths), NULL, 0, 0, NULL,
	  "files, as globs" },
	{ "exclude", OPTION_LIST, SOURCE_FILE, SOURCE_AT(exclude), NULL, 0, 0, NULL,
	  "globs of files to leave out" },
	{ "brokers", OPTION_LIST, SOURCE_KAFKA, SOURCE_AT(brokers), NULL, 0, 0, NULL,
	  "host:port of some brokers, which name the others" },
	{ "topics", OPTION_LIST, SOURCE_KAFKA, SOURCE_AT(topics), NULL, 0, 0, NULL,
	  "topics; one that begins with ^ is a pattern of names" },
	{ "group", OPTION_STRING, SOURCE_KAFKA, SOURCE_AT(group), NULL, 0, 0, NULL,
	  "consumer group; absent: siftd- and the name of the source" },
	{ "projects", OPTION_LIST, SOURCE_KAFKA, SOURCE_AT(projects), NULL, 0, 0, NULL,
	  "that messages may name by project_header or project_pattern, 256 at most; "
	  "made when absent" },
	{ "project_header", OPTION_STRING, SOURCE_KAFKA, SOURCE_AT(project_header),
	  NULL, 0, 0, NULL,
	  "header that names a message's project; without it the topic may, else it "
	  "belongs to project" },
	{ "project_pattern", OPTION_STRING, SOURCE_KAFKA, SOURCE_AT(project_pattern),
	  NULL, 0, 0, NULL,
	  "POSIX extended regular expression: what its first group catches in a topic's "
	  "name is the project" },
	{ "unknown_project", OPTION_CHOICE, SOURCE_KAFKA, SOURCE_AT(unknown_project),
	  "drop", 0, 0, "drop|keep",
	  "messages of a project that is not listed: drop and count them, or keep them "
	  "in project" },
	{ "start_at", OPTION_CHOICE, TAILS, SOURCE_AT(start_at), "beginning", 0, 0,
	  "beginning|end",
	  "where a file or partition is read from that was never seen before" },
	{ "message_bytes_max", OPTION_BYTES, SOURCE_KAFKA, SOURCE_AT(message_bytes_max),
	  "1MiB", 1024, 64 << 20, NULL, "a larger message is dropped and counted" },
	{ "properties", OPTION_MAP, SOURCE_KAFKA, SOURCE_AT(properties), NULL, 0, 0,
	  NULL,
	  "any of librdkafka's, such as security.protocol; NAME_file: a file that "
	  "holds it" },
	{ "rescan", OPTION_DURATION, SOURCE_FILE, SOURCE_AT(rescan_us), "2s", 10000,
	  3600 * SECOND_US, NULL, "how often the globs are tried again" },
	{ "linger", OPTION_DURATION, SOURCE_FILE, SOURCE_AT(linger_us), "30s", 10000,
	  DAY_US, NULL,
	  "a file that was renamed away or deleted is closed when silent for so long" },
	{ "poll_only", OPTION_BOOL, SOURCE_FILE, SOURCE_AT(poll_only), "false", 0, 0,
	  NULL, "do without inotify; files are looked at every rescan" },
	{ "read_bytes", OPTION_BYTES, SOURCE_FILE, SOURCE_AT(read_bytes), "512KiB",
	  4096, 1 << 20, NULL, "read at once from one file" },
	{ "files_max", OPTION_INT, SOURCE_FILE, SOURCE_AT(files_max), "1024", 1, 65536,
	  NULL,
	  "open files; further ones wait. Each takes a descriptor (LimitNOFILE) and a "
	  "watch (fs.inotify.max_user_watches)" },
	{ "ignore_older", OPTION_DURATION, SOURCE_FILE, SOURCE_AT(ignore_older_us),
	  "0s", 0, 3650 * DAY_US, NULL,
	  "leave out files not written for so long; 0s: none" },
	{ "follow_symlinks", OPTION_BOOL, SOURCE_FILE, SOURCE_AT(follow_symlinks),
	  "true", 0, 0, NULL, "read what symbolic links lead to; else skip them" },
	{ "listen", OPTION_STRING, SYSLOG_PORTS, SOURCE_AT(listen), "127.0.0.1:5514", 0,
	  0, NULL, "address and port" },
	{ "path", OPTION_STRING, SOURCE_SYSLOG_UNIX, SOURCE_AT(path), NULL, 0, 0, NULL,
	  "of the socket, such as /run/siftd/log; what a dead process left is replaced" },
	{ "mode", OPTION_STRING, SOURCE_SYSLOG_UNIX, SOURCE_AT(mode), "0666", 0, 0,
	  NULL, "of the socket, octal: who may write to it may send" },
	{ "socket", OPTION_CHOICE, SOURCE_SYSLOG_UNIX, SOURCE_AT(socket), "datagram", 0,
	  0, "datagram|stream", "datagram, as /dev/log is, or stream" },
	{ "receive_buffer", OPTION_BYTES, SOURCE_SYSLOG_UDP,
	  SOURCE_AT(receive_buffer_bytes), "1MiB", 0, GIB, NULL,
	  "of the kernel, up to sysctl net.core.rmem_max; 0: the kernel's default" },
	{ "connections_max", OPTION_INT, SYSLOG_STREAMS, SOURCE_AT(connections_max),
	  "1024", 1, 65536, NULL, "open connections; further ones wait" },
	{ "connections_per_address_max", OPTION_INT, SOURCE_SYSLOG_TCP,
	  SOURCE_AT(connections_per_address_max), "0", 0, 65536, NULL,
	  "open connections of one address; further ones are closed at once; 0: any" },
	{ "proxy_protocol", OPTION_BOOL, SOURCE_SYSLOG_TCP, SOURCE_AT(proxy_protocol),
	  "false", 0, 0, NULL,
	  "connections come by a proxy, whose PROXY header (v1 or v2) names the sender" },
	{ "idle_timeout", OPTION_DURATION, SYSLOG_STREAMS, SOURCE_AT(idle_timeout_us),
	  "10m", SECOND_US, DAY_US, NULL, "a connection silent for so long is closed" },
	{ "canary", OPTION_DURATION, SYSLOG, SOURCE_AT(canary_us), "0s", 0,
	  3600 * SECOND_US, NULL,
	  "how often the way to the commit is measured though nothing comes; 0s: never" },
	{ "frame_bytes_max", OPTION_BYTES, SYSLOG, SOURCE_AT(frame_bytes_max), "64KiB",
	  480, 16 << 20, NULL, "a longer message is cut and counted" },
	{ "tls.cert_file", OPTION_STRING, SOURCE_SYSLOG_TCP, SOURCE_AT(tls.cert_file),
	  NULL, 0, 0, NULL,
	  "PEM: the certificate, then those above it; present: only TLS is spoken" },
	{ "tls.key_file", OPTION_STRING, SOURCE_SYSLOG_TCP, SOURCE_AT(tls.key_file),
	  NULL, 0, 0, NULL, "PEM: its private key, without a passphrase" },
	{ "tls.client_ca_file", OPTION_STRING, SOURCE_SYSLOG_TCP,
	  SOURCE_AT(tls.client_ca_file), NULL, 0, 0, NULL,
	  "PEM: senders must show a certificate that one of these signed" },
	{ "tls.handshake_timeout", OPTION_DURATION, SOURCE_SYSLOG_TCP,
	  SOURCE_AT(tls.handshake_timeout_us), "10s", SECOND_US, 600 * SECOND_US, NULL,
	  "a handshake that takes longer is given up" },
};

static const struct option_table source_table = { source_options,
						  ARRAY_LEN(source_options), NULL };

static int read_kind(const struct yaml_doc *doc, const struct yaml_node *node,
		     enum source_kind *out, struct error *error)
{
	const struct yaml_node *type = NULL;

	if (node->kind == YAML_MAPPING)
		type = yaml_find(node, "type");
	if (type == NULL)
		return yaml_error(doc, node, error, "a source needs a type, one of %s",
				  TYPES);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!slice_equal(type->text, slice_str(kinds[i].type)))
			continue;
		*out = kinds[i].kind;
		return 0;
	}
	return yaml_error(doc, type, error, "type is one of %s, not \"%.*s\"", TYPES,
			  (int)type->text.len, type->text.ptr);
}

struct kafka_config config_kafka(const struct source_config *source)
{
	return (struct kafka_config){
		.name = source->name,
		.brokers = (const char *const *)source->brokers.items,
		.brokers_count = source->brokers.count,
		.topics = (const char *const *)source->topics.items,
		.topics_count = source->topics.count,
		.group = source->group,
		.start_at = strcmp(source->start_at, "end") == 0
				    ? KAFKA_START_END
				    : KAFKA_START_BEGINNING,
		.message_bytes_max = (size_t)source->message_bytes_max,
		.project_header = source->project_header,
		.project_pattern = source->project_pattern,
		.projects = (const char *const *)source->projects.items,
		.projects_count = source->projects.count,
		.keep_unknown = strcmp(source->unknown_project, "keep") == 0,
		.property_names = (const char *const *)source->properties.names.items,
		.property_values = (const char *const *)source->properties.values.items,
		.properties_count = source->properties.names.count,
	};
}

static int check_kafka(const struct source_config *source, const struct yaml_doc *doc,
		       const struct yaml_node *node, struct error *error)
{
	const struct kafka_config config = config_kafka(source);
	struct error reason;

	if (source->brokers.count == 0)
		return yaml_error(doc, node, error, "source \"%s\" needs brokers",
				  source->name);
	if (source->topics.count == 0)
		return yaml_error(doc, node, error, "source \"%s\" needs topics",
				  source->name);
	if (kafka_check(&config, &reason) < 0)
		return yaml_error(doc, node, error, "source \"%s\": %s", source->name,
				  reason.text);
	return 0;
}

/* octal, as chmod takes it; -1: it is not */
static long mode_of(const char *text)
{
	char *end = NULL;
	long mode = strtol(text, &end, 8);

	return end == text || *end != '\0' || mode < 0 || mode > 0777 ? -1 : mode;
}

struct syslog_address config_syslog_address(const struct source_config *source)
{
	if (source->kind != SOURCE_SYSLOG_UNIX)
		return (struct syslog_address){ .listen = source->listen };
	return (struct syslog_address){ .path = source->path,
					.mode = (mode_t)mode_of(source->mode) };
}

static int check_syslog_unix(const struct source_config *source,
			     const struct yaml_doc *doc, const struct yaml_node *node,
			     struct error *error)
{
	if (source->path == NULL || source->path[0] != '/')
		return yaml_error(doc, node, error,
				  "source \"%s\" needs a path that begins with /",
				  source->name);
	if (strlen(source->path) > SYSLOG_PATH_MAX)
		return yaml_error(doc, node, error,
				  "source \"%s\": path is longer than %d bytes",
				  source->name, SYSLOG_PATH_MAX);
	if (mode_of(source->mode) < 0)
		return yaml_error(doc, node, error,
				  "source \"%s\": mode \"%s\" is not octal, as 0660",
				  source->name, source->mode);
	return 0;
}

struct syslog_tls_config config_syslog_tls(const struct source_config *source)
{
	return (struct syslog_tls_config){ .cert_file = source->tls.cert_file,
					   .key_file = source->tls.key_file,
					   .client_ca_file =
						   source->tls.client_ca_file };
}

static int check_syslog_tls(const struct source_config *source,
			    const struct yaml_doc *doc, const struct yaml_node *node,
			    struct error *error)
{
	const struct syslog_tls_config config = config_syslog_tls(source);
	struct syslog_tls *tls = NULL;
	struct error reason;

	if ((config.cert_file == NULL) != (config.key_file == NULL) ||
	    (config.cert_file == NULL && config.client_ca_file != NULL))
		return yaml_error(doc, node, error,
				  "source \"%s\": TLS needs tls.cert_file and "
				  "tls.key_file",
				  source->name);
	if (config.cert_file == NULL)
		return 0;
	if (syslog_tls_new(&config, &tls, &reason) < 0)
		return yaml_error(doc, node, error, "source \"%s\": %s", source->name,
				  reason.text);
	syslog_tls_free(&tls);
	return 0;
}

static int check_source(const struct config *config, const struct yaml_doc *doc,
			const struct yaml_node *node, struct error *error)
{
	const struct source_config *source =
		&config->sources[config->sources_count - 1];

	if (source->name == NULL || source->name[0] == '\0')
		return yaml_error(doc, node, error, "a source needs a name");
	if (strspn(source->name, NAME_BYTES) != strlen(source->name))
		return yaml_error(doc, node, error,
				  "name \"%s\": only letters, digits, _ - and . please",
				  source->name);
	for (size_t i = 0; i + 1 < config->sources_count; i++) {
		if (strcmp(config->sources[i].name, source->name) == 0)
			return yaml_error(doc, node, error,
					  "two sources are named \"%s\"", source->name);
	}
	if (strcmp(source->name, "spool") == 0 ||
	    strcmp(source->name, UPLOADS_SOURCE) == 0)
		return yaml_error(doc, node, error, "the name \"%s\" is taken",
				  source->name);
	if (source->kind == SOURCE_FILE && source->paths.count == 0)
		return yaml_error(doc, node, error, "source \"%s\" needs paths",
				  source->name);
	if (source->kind == SOURCE_KAFKA)
		return check_kafka(source, doc, node, error);
	if (source->kind == SOURCE_SYSLOG_TCP)
		return check_syslog_tls(source, doc, node, error);
	if (source->kind == SOURCE_SYSLOG_UNIX)
		return check_syslog_unix(source, doc, node, error);
	return 0;
}

int config_sources_read(struct config *config, const struct yaml_doc *doc,
			struct error *error)
{
	const struct yaml_node *list =
		doc->root == NULL ? NULL : yaml_find(doc->root, "sources");

	if (list == NULL)
		return 0;
	if (list->kind != YAML_SEQUENCE)
		return yaml_error(doc, list, error, "sources takes a list");
	config->sources = mem_calloc(SOURCES_MAX, sizeof(*config->sources));
	for (const struct yaml_node *node = list->first_child; node != NULL;
	     node = node->next) {
		struct source_config *source = &config->sources[config->sources_count];

		if (config->sources_count == SOURCES_MAX)
			return yaml_error(doc, node, error, "more than %d sources",
					  SOURCES_MAX);
		if (read_kind(doc, node, &source->kind, error) < 0)
			return -1;
		config->sources_count++;
		if (options_read(
			    &source_table,
			    &(struct option_text){ doc, node, (unsigned)source->kind },
			    source, error) < 0 ||
		    check_source(config, doc, node, error) < 0)
			return -1;
	}
	return 0;
}

void config_sources_free(struct config *config)
{
	for (size_t i = 0; i < config->sources_count; i++)
		options_free(&source_table, &config->sources[i]);
	mem_free(config->sources);
}

void config_sources_describe(struct buf *out)
{
	buf_append_str(
		out,
		"\n# Where log lines come from. Each source has a type and a name.\n"
		"#\n# sources:\n");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		buf_printf(out, "%s#   - type: %s\n", i == 0 ? "" : "#\n",
			   kinds[i].type);
		options_describe(&source_table, (unsigned)kinds[i].kind, "#     ", out);
	}
}
