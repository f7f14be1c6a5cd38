/* page_files.h - serves the web page that was built into the program
 *
 * Threads: the loop thread only.
 * Owner: the files are constant, made from web/ when siftd was built
 * (cmake/page.cmake).
 *
 * What vite named by its content lies under /assets/ and may be kept for ever. Every
 * path that the page shows a screen for is answered with index.html, when the client
 * takes HTML: GET / of a client of Elasticsearch stays what it was. All other paths,
 * /api and /metrics among them, are not the page's.
 */
#ifndef SIFTD_API_PAGE_FILES_H
#define SIFTD_API_PAGE_FILES_H

#include "api/http_head.h"
#include "api/route.h"

/* for a GET or HEAD: the route of the page's file, or NULL */
const struct route *page_files_find(const struct http_head *head);

#endif
