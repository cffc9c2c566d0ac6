<?php
/**
 * Makes a shop of an empty site: `wp eval-file fill.php shop.json --user=admin`. Prints what it has, as JSON.
 *
 * @package Handrail
 */

// phpcs:disable -- this is no part of the plugin.

require_once ABSPATH . 'wp-admin/includes/image.php';
require_once ABSPATH . 'wp-admin/includes/file.php';
require_once ABSPATH . 'wp-admin/includes/media.php';

$shop = json_decode( file_get_contents( $args[0] ), true, 32, JSON_THROW_ON_ERROR );
$done = (array) get_option( 'demo_shop', array() );
if ( ! $done ) {
	$done = array( 'pages' => 0, 'files' => 0 );
	$moved = array();
	foreach ( $shop['files'] as $file ) {
		$copy = wp_tempnam( basename( $file['file'] ) );
		copy( $file['file'], $copy );
		$given = array( 'name' => basename( $file['file'] ), 'tmp_name' => $copy );
		$id    = media_handle_sideload( $given, 0, null, array( 'post_title' => $file['title'] ) );
		if ( is_wp_error( $id ) ) {
			WP_CLI::error( $file['file'] . ': ' . $id->get_error_message() );
		}
		$moved[ 'href="' . $file['path'] . '"' ] = 'href="' . wp_get_attachment_url( $id ) . '"';
		++$done['files'];
	}
	$ids = array();
	usort( $shop['pages'], static fn( $one, $other ) => strlen( $one['path'] ) <=> strlen( $other['path'] ) );
	foreach ( $shop['pages'] as $page ) {
		$path = trim( $page['path'], '/' );
		$id   = wp_insert_post(
			wp_slash(
				array(
					'post_type'    => 'page',
					'post_status'  => 'publish',
					'post_name'    => basename( $path ),
					'post_parent'  => $ids[ dirname( $path ) ] ?? 0,
					'post_title'   => $page['title'],
					'post_content' => strtr( $page['content'], $moved ),
					'post_date'    => $page['date'] . ' 09:00:00',
				)
			),
			true
		);
		if ( is_wp_error( $id ) ) {
			WP_CLI::error( $page['path'] . ': ' . $id->get_error_message() );
		}
		$ids[ $path ] = $id;
		++$done['pages'];
	}
	$front = wp_insert_post( wp_slash( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_title' => 'Home', 'page_template' => 'page-no-title', 'post_content' => strtr( $shop['front'], $moved ) ) ) );
	++$done['pages'];
	update_option( 'show_on_front', 'page' );
	update_option( 'page_on_front', $front );
	update_option( 'blogname', $shop['name'] );
	update_option( 'blogdescription', $shop['tagline'] );
	update_option( 'wp_page_for_privacy_policy', $ids[ $shop['privacy'] ] ?? 0 );
	$links = '';
	foreach ( $shop['menu'] as list( $label, $path ) ) {
		$link   = array( 'label' => $label, 'url' => home_url( $path ), 'kind' => 'custom', 'isTopLevelLink' => true );
		$links .= '<!-- wp:navigation-link ' . wp_json_encode( $link, JSON_UNESCAPED_SLASHES ) . " /-->\n";
	}
	wp_insert_post( wp_slash( array( 'post_type' => 'wp_navigation', 'post_status' => 'publish', 'post_title' => 'Shop', 'post_content' => $links ) ) );
	foreach ( $shop['people'] as $person ) {
		wp_insert_user(
			array(
				'user_login'   => $person['email'],
				'user_email'   => $person['email'],
				'user_pass'    => $person['password'],
				'display_name' => $person['name'],
				'role'         => 'subscriber',
			)
		);
	}
	update_option( 'demo_shop', $done );
}
echo wp_json_encode( $done );
