/* invitations.h - how somebody joins an organisation: by a link that works once
 *
 * Threads: the loop thread only.
 * Limits: one open invitation of an address to an organisation; a new one replaces it.
 *         They expire (api_config).
 *
 * Whoever is invited, the answer is the same: it does not tell whether the address has
 * an account. Its owner says so by accepting, logged in or with a password.
 */
#ifndef SIFTD_API_INVITATIONS_H
#define SIFTD_API_INVITATIONS_H

#include "api/route.h"

route_handler_fn invitations_list;
route_handler_fn invitations_create; /* of POST users as well */
route_handler_fn invitations_delete;

#endif
