<?php
/**
 * Plugin Name: Handrail's test rig
 * Description: Lets a site call servers on its own machine, keeps its mail, and begins with an empty blog. Never install it on a real site.
 *
 * @package Handrail
 */

// phpcs:disable -- this is no part of the plugin.

/* wp_safe_remote_* refuses this machine and odd ports: here the backend is nowhere else. */
add_filter( 'http_request_host_is_external', static fn( $external, $host ) => $external || '127.0.0.1' === $host, 10, 2 );
add_filter(
	'http_allowed_safe_ports',
	static function ( $ports, $host, $url ) {
		$port = wp_parse_url( $url, PHP_URL_PORT );
		return '127.0.0.1' === $host && $port ? array_merge( $ports, array( $port ) ) : $ports;
	},
	10,
	3
);

/* Mail: one JSON object a line, in the folder above the site's. */
add_filter(
	'pre_wp_mail',
	static function ( $done, $mail ) {
		file_put_contents( dirname( ABSPATH ) . '/mail.jsonl', wp_json_encode( $mail ) . "\n", FILE_APPEND | LOCK_EX );
		return true;
	},
	10,
	2
);

/* A new site: addresses that can be read, nothing written yet, and an editor without welcome. */
add_action(
	'wp_install',
	static function () {
		global $wpdb;
		update_option( 'show_avatars', 0 );
		$quiet = array( 'core/edit-post' => array( 'welcomeGuide' => false ), 'core' => array( 'enableChoosePatternModal' => false ) );
		update_user_meta( 1, $wpdb->get_blog_prefix() . 'persisted_preferences', $quiet );
		update_option( 'permalink_structure', '/%postname%/' );
		foreach ( get_posts( array( 'post_type' => array( 'post', 'page' ), 'post_status' => 'any', 'numberposts' => -1 ) ) as $post ) {
			wp_delete_post( $post->ID, true );
		}
	}
);
add_filter( 'admin_email_check_interval', '__return_zero' );

/* Nobody can ask WordPress.org here, and it complains of that at each try. */
add_filter( 'wp_trigger_error_trigger_error', static fn( $trigger, $function, $message ) => $trigger && ! str_contains( $message, 'WordPress.org' ), 10, 3 );
