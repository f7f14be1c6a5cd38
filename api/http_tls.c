/* http_tls.c - OpenSSL behind a stream of libevent, and nothing of it outside */
#include "api/http_tls.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include "base/mem.h"

struct http_tls {
	char *certificate;
	char *key;
	SSL_CTX *context;
};

/* the newest reason, and an empty queue */
static const char *take_reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

	ERR_clear_error();
	return reason == NULL ? "no reason given" : reason;
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

static int load_pair(SSL_CTX *context, const struct http_tls *tls, struct error *error)
{
	if (access(tls->certificate, R_OK) < 0)
		return error_set_errno(error, "http.tls_certificate %s",
				       tls->certificate);
	if (access(tls->key, R_OK) < 0)
		return error_set_errno(error, "http.tls_key %s", tls->key);
	if (SSL_CTX_use_certificate_chain_file(context, tls->certificate) != 1)
		return error_set(error,
				 "http.tls_certificate %s: no certificate in PEM: %s",
				 tls->certificate, take_reason());
	if (SSL_CTX_use_PrivateKey_file(context, tls->key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(context) != 1)
		return error_set(error,
				 "http.tls_key %s: not the key of the certificate, "
				 "without a passphrase, in PEM: %s",
				 tls->key, take_reason());
	return 0;
}

static SSL_CTX *make_context(const struct http_tls *tls, struct error *error)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context == NULL) {
		(void)error_set(error, "tls: %s", take_reason());
		return NULL;
	}
	SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
					     SSL_OP_CIPHER_SERVER_PREFERENCE |
					     SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* idle connections are many, and buffers are 34 KB each */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
		(void)error_set(error, "tls: %s", take_reason());
	} else if (load_pair(context, tls, error) == 0) {
		return context;
	}
	SSL_CTX_free(context);
	return NULL;
}

int http_tls_new(const char *certificate, const char *key, struct http_tls **out,
		 struct error *error)
{
	struct http_tls *tls = mem_calloc(1, sizeof(*tls));

	tls->certificate = mem_strdup(certificate);
	tls->key = mem_strdup(key);
	tls->context = make_context(tls, error);
	if (tls->context == NULL) {
		http_tls_free(&tls);
		return -1;
	}
	*out = tls;
	return 0;
}

void http_tls_free(struct http_tls **tls_ptr)
{
	struct http_tls *tls = *tls_ptr;

	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	mem_free(tls->certificate);
	mem_free(tls->key);
	mem_free(tls);
	*tls_ptr = NULL;
}

int http_tls_reload(struct http_tls *tls, struct error *error)
{
	SSL_CTX *context = make_context(tls, error);

	if (context == NULL)
		return -1;
	SSL_CTX_free(tls->context); /* connections hold it as long as they need it */
	tls->context = context;
	return 0;
}

struct bufferevent *http_tls_accept(struct http_tls *tls, struct event_base *base,
				    int fd)
{
	SSL *ssl = SSL_new(tls->context);
	struct bufferevent *stream = NULL;

	if (ssl == NULL)
		return NULL;
	stream = bufferevent_openssl_socket_new(
		base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
		BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (stream == NULL)
		SSL_free(ssl);
	return stream;
}

void http_tls_end(struct bufferevent *stream)
{
	SSL *ssl = bufferevent_openssl_get_ssl(stream);

	if (ssl == NULL)
		return;
	(void)SSL_shutdown(ssl); /* as far as the socket takes it: nobody waits */
	ERR_clear_error();
}
