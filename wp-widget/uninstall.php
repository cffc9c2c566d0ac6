<?php
/**
 * The plugin is deleted.
 *
 * @package Handrail
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

require_once __DIR__ . '/handrail.php';

Handrail\Sites::uninstall();
