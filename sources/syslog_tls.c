/* syslog_tls.c - OpenSSL, and nothing of it outside this file */
#include "sources/syslog_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/mem.h"

struct syslog_tls {
	SSL_CTX *context;
	char *files[3]; /* of the configuration, to read them again */
};

struct syslog_tls_session {
	SSL *ssl;
};

/* the newest reason, and an empty queue, as SSL_get_error needs it */
static const char *take_reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

	ERR_clear_error();
	return reason == NULL ? "the connection ended" : reason;
}

/* without it OpenSSL would ask on the terminal */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

static int check_readable(const char *option, const char *path, struct error *error)
{
	if (access(path, R_OK) < 0)
		return error_set_errno(error, "%s %s", option, path);
	return 0;
}

static int load_pair(SSL_CTX *context, const struct syslog_tls_config *config,
		     struct error *error)
{
	if (check_readable("tls.cert_file", config->cert_file, error) < 0 ||
	    check_readable("tls.key_file", config->key_file, error) < 0)
		return -1;
	if (SSL_CTX_use_certificate_chain_file(context, config->cert_file) != 1)
		return error_set(error, "tls.cert_file %s: no certificate in PEM: %s",
				 config->cert_file, take_reason());
	if (SSL_CTX_use_PrivateKey_file(context, config->key_file, SSL_FILETYPE_PEM) ==
	    1)
		return 0;
	if (ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_X509) {
		(void)take_reason(); /* it is told in our words */
		return error_set(error,
				 "tls.key_file %s: not the key of tls.cert_file %s",
				 config->key_file, config->cert_file);
	}
	return error_set(error,
			 "tls.key_file %s: no private key in PEM without a passphrase: "
			 "%s",
			 config->key_file, take_reason());
}

static int load_client_ca(SSL_CTX *context, const char *path, struct error *error)
{
	STACK_OF(X509_NAME) *names = NULL;

	if (check_readable("tls.client_ca_file", path, error) < 0)
		return -1;
	if (SSL_CTX_load_verify_file(context, path) == 1)
		names = SSL_load_client_CA_file(path);
	if (names == NULL)
		return error_set(error,
				 "tls.client_ca_file %s: no certificate in PEM: %s",
				 path, take_reason());
	SSL_CTX_set_client_CA_list(context, names);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	return 0;
}

static int configure(SSL_CTX *context, const struct syslog_tls_config *config,
		     struct error *error)
{
	SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	/* senders that close without a close_notify are many; what they sent counts */
	SSL_CTX_set_options(context,
			    SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
				    SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* idle connections are many too, and buffers are 34 KB each */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_num_tickets(context, 0) != 1)
		return error_set(error, "tls: %s", take_reason());
	if (load_pair(context, config, error) < 0)
		return -1;
	if (config->client_ca_file != NULL)
		return load_client_ca(context, config->client_ca_file, error);
	return 0;
}

static int make_context(const struct syslog_tls_config *config, SSL_CTX **out,
			struct error *error)
{
	ERR_clear_error();
	*out = SSL_CTX_new(TLS_server_method());
	if (*out == NULL)
		return error_set(error, "tls: %s", take_reason());
	if (configure(*out, config, error) == 0)
		return 0;
	SSL_CTX_free(*out);
	return -1;
}

int syslog_tls_new(const struct syslog_tls_config *config, struct syslog_tls **out,
		   struct error *error)
{
	const char *const files[] = { config->cert_file, config->key_file,
				      config->client_ca_file };
	SSL_CTX *context = NULL;

	if (make_context(config, &context, error) < 0)
		return -1;
	*out = mem_calloc(1, sizeof(**out));
	(*out)->context = context;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		(*out)->files[i] = files[i] == NULL ? NULL : mem_strdup(files[i]);
	return 0;
}

int syslog_tls_reload(struct syslog_tls *tls, struct error *error)
{
	const struct syslog_tls_config config = { .cert_file = tls->files[0],
						  .key_file = tls->files[1],
						  .client_ca_file = tls->files[2] };
	SSL_CTX *context = NULL;

	if (make_context(&config, &context, error) < 0)
		return -1;
	/* open sessions hold the old one */
	SSL_CTX_free(tls->context);
	tls->context = context;
	return 0;
}

void syslog_tls_free(struct syslog_tls **tls)
{
	if (*tls == NULL)
		return;
	SSL_CTX_free((*tls)->context);
	for (size_t i = 0; i < ARRAY_LEN((*tls)->files); i++)
		mem_free((*tls)->files[i]);
	mem_free(*tls);
	*tls = NULL;
}

struct syslog_tls_session *syslog_tls_session_new(struct syslog_tls *tls, int fd)
{
	struct syslog_tls_session *session = NULL;
	SSL *ssl = SSL_new(tls->context);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_accept_state(ssl);
	session = mem_alloc(sizeof(*session));
	session->ssl = ssl;
	return session;
}

static enum syslog_tls_status status_of(const struct syslog_tls_session *session,
					int result)
{
	int code = SSL_get_error(session->ssl, result);

	if (code == SSL_ERROR_WANT_READ)
		return SYSLOG_TLS_WANT_READ;
	return code == SSL_ERROR_WANT_WRITE ? SYSLOG_TLS_WANT_WRITE : SYSLOG_TLS_ENDED;
}

enum syslog_tls_status syslog_tls_handshake(struct syslog_tls_session *session,
					    struct error *error)
{
	enum syslog_tls_status status = SYSLOG_TLS_OK;
	int result = 0;

	ERR_clear_error();
	result = SSL_do_handshake(session->ssl);
	if (result == 1)
		return SYSLOG_TLS_OK;
	status = status_of(session, result);
	if (status == SYSLOG_TLS_ENDED)
		(void)error_set(error, "TLS handshake: %s", take_reason());
	return status;
}

enum syslog_tls_status syslog_tls_read(struct syslog_tls_session *session, char *buffer,
				       size_t size, size_t *len)
{
	int result = 0;

	*len = 0;
	ERR_clear_error();
	result = SSL_read_ex(session->ssl, buffer, size, len);
	return result == 1 ? SYSLOG_TLS_OK : status_of(session, result);
}

void syslog_tls_session_free(struct syslog_tls_session **session)
{
	if (*session == NULL)
		return;
	ERR_clear_error();
	/* after an error, or before the handshake's end, there is nothing to say */
	if (SSL_is_init_finished((*session)->ssl))
		(void)SSL_shutdown((*session)->ssl); /* best effort: we close next */
	SSL_free((*session)->ssl);
	ERR_clear_error();
	mem_free(*session);
	*session = NULL;
}
