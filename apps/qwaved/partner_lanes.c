/* SPDX-License-Identifier: Apache-2.0 */
#include "partner_lanes.h"

#include "api/http_client.h"

#include <string.h>

/* Any connection that is free, or the first when it is. */
static struct partner_lane *enter_lane(struct partner_lanes *lanes)
{
    for (size_t i = 0; i < PARTNER_LANES; i++) {
        if (pthread_mutex_trylock(&lanes->lanes[i].mutex) == 0) {
            return &lanes->lanes[i];
        }
    }
    pthread_mutex_lock(&lanes->lanes[0].mutex);
    return &lanes->lanes[0];
}

static void copy_settings(struct partner_lanes *lanes, struct partner_settings *settings,
                          unsigned *edition)
{
    pthread_mutex_lock(&lanes->change);
    *settings = lanes->settings;
    *edition = lanes->edition;
    pthread_mutex_unlock(&lanes->change);
}

/* By the present settings: a connection that was made by others is closed first. */
static qw_err open_client(struct partner_lanes *lanes, struct partner_lane *lane)
{
    struct partner_settings settings;
    struct qw_http_client_config config = { .base_url = settings.url,
                                            .certificate_path = settings.certificate,
                                            .key_path = settings.key,
                                            .ca_path = settings.ca,
                                            .timeout_ms = lanes->timeout_ms };
    unsigned edition;

    copy_settings(lanes, &settings, &edition);
    if (lane->client != NULL && lane->edition == edition) {
        return QW_OK;
    }
    qw_http_client_free(lane->client);
    lane->client = NULL;
    lane->edition = edition;
    return qw_http_client_new(&config, &lane->client);
}

qw_err partner_lanes_post(struct partner_lanes *lanes, const char *path, const char *body,
                          unsigned *status)
{
    struct partner_lane *lane = enter_lane(lanes);
    const char *answer = NULL;
    size_t len = 0;
    qw_err err = open_client(lanes, lane);

    *status = 0;
    if (err == QW_OK) {
        err = qw_http_client_call(lane->client, "POST", path, body, status, &answer, &len);
    }
    pthread_mutex_unlock(&lane->mutex);
    if (err == QW_OK && *status != 200 && *status != 202) {
        err = *status == 400 ? QW_ERR_REFUSED : QW_ERR_IO;
    }
    return err;
}

void partner_lanes_init(struct partner_lanes *lanes, const struct partner_settings *settings,
                        int timeout_ms)
{
    lanes->timeout_ms = timeout_ms;
    lanes->settings = *settings;
    pthread_mutex_init(&lanes->change, NULL);
    for (size_t i = 0; i < PARTNER_LANES; i++) {
        pthread_mutex_init(&lanes->lanes[i].mutex, NULL);
    }
}

void partner_lanes_change(struct partner_lanes *lanes, const struct partner_settings *settings)
{
    pthread_mutex_lock(&lanes->change);
    lanes->settings = *settings;
    lanes->edition++;
    pthread_mutex_unlock(&lanes->change);
}

void partner_lanes_close(struct partner_lanes *lanes)
{
    for (size_t i = 0; i < PARTNER_LANES; i++) {
        qw_http_client_free(lanes->lanes[i].client);
        pthread_mutex_destroy(&lanes->lanes[i].mutex);
    }
    pthread_mutex_destroy(&lanes->change);
}

const char *partner_lanes_path(struct partner_lanes *lanes, const char *url)
{
    size_t len;
    bool is_below;

    pthread_mutex_lock(&lanes->change);
    len = strlen(lanes->settings.url);
    is_below = strncmp(url, lanes->settings.url, len) == 0 && url[len] == '/';
    pthread_mutex_unlock(&lanes->change);
    if (!is_below) {
        return NULL;
    }
    for (const char *c = url + len; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') {
            return NULL;
        }
    }
    return url + len;
}
