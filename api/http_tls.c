/* http_tls.c - OpenSSL behind a stream of libevent, and nothing of it outside */
#include "api/http_tls.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/mem.h"
#include "base/tls_server.h"

struct http_tls {
	char *certificate;
	char *key;
	SSL_CTX *context;
};

static SSL_CTX *make_context(const struct http_tls *tls, struct error *error)
{
	return tls_server_context(
		&(struct tls_file){ "http.tls_certificate", tls->certificate },
		&(struct tls_file){ "http.tls_key", tls->key }, error);
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
