/* syslog_tls.c - TLS sessions of OpenSSL on sockets that do not block */
#include "sources/syslog_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/tls_server.h"

#define NO_REASON "the connection ended"

struct syslog_tls {
	SSL_CTX *context;
	char *files[3]; /* of the configuration, to read them again */
};

struct syslog_tls_session {
	SSL *ssl;
};

static int load_client_ca(SSL_CTX *context, const char *path, struct error *error)
{
	const struct tls_file file = { "tls.client_ca_file", path };
	STACK_OF(X509_NAME) *names = NULL;

	if (tls_check_readable(&file, error) < 0)
		return -1;
	if (SSL_CTX_load_verify_file(context, path) == 1)
		names = SSL_load_client_CA_file(path);
	if (names == NULL)
		return error_set(error,
				 "tls.client_ca_file %s: no certificate in PEM: %s",
				 path, tls_take_reason(NO_REASON));
	SSL_CTX_set_client_CA_list(context, names);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	return 0;
}

static SSL_CTX *make_context(const struct syslog_tls_config *config,
			     struct error *error)
{
	SSL_CTX *context = tls_server_context(
		&(struct tls_file){ "tls.cert_file", config->cert_file },
		&(struct tls_file){ "tls.key_file", config->key_file }, error);

	if (context == NULL)
		return NULL;
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	if (SSL_CTX_set_num_tickets(context, 0) != 1) {
		(void)error_set(error, "tls: %s", tls_take_reason(NO_REASON));
	} else if (config->client_ca_file == NULL ||
		   load_client_ca(context, config->client_ca_file, error) == 0) {
		return context;
	}
	SSL_CTX_free(context);
	return NULL;
}

int syslog_tls_new(const struct syslog_tls_config *config, struct syslog_tls **out,
		   struct error *error)
{
	const char *const files[] = { config->cert_file, config->key_file,
				      config->client_ca_file };
	SSL_CTX *context = make_context(config, error);

	if (context == NULL)
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
	SSL_CTX *context = make_context(&config, error);

	if (context == NULL)
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
		(void)error_set(error, "TLS handshake: %s", tls_take_reason(NO_REASON));
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
