<?php
/**
 * What Apache or nginx would decide for a WordPress site: files as they are, PHP where it lies, all else to index.php.
 *
 * @package Handrail
 */

// phpcs:disable -- this is no part of the plugin and runs without WordPress.

$handrail_root = rtrim( $_SERVER['DOCUMENT_ROOT'], '/' );
$handrail_path = rawurldecode( (string) parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) );
$handrail_file = realpath( $handrail_root . '/' . $handrail_path );
if ( false === $handrail_file && preg_match( '#^/[\w-]+(/(?:wp-(?:admin|content|includes)/.*|wp-[\w-]+\.php))$#', $handrail_path, $handrail_parts ) ) {
	// A network in folders: all of its sites have the same core.
	$handrail_path = $handrail_parts[1];
	$handrail_file = realpath( $handrail_root . $handrail_path );
}

$handrail_inside = false !== $handrail_file && str_starts_with( $handrail_file . '/', $handrail_root . '/' );
if ( preg_match( '#/\.|/wp-content/(database|debug\.log)|/wp-config\.php#', $handrail_path ) ) {
	http_response_code( 403 ); // The database and the secrets lie below the root, as with many hosts.
	return true;
}
if ( $handrail_inside && is_dir( $handrail_file ) && is_file( $handrail_file . '/index.php' ) && '/' !== $handrail_path ) {
	if ( ! str_ends_with( $handrail_path, '/' ) ) {
		header( 'Location: ' . $handrail_path . '/', true, 301 );
		return true;
	}
	$handrail_file .= '/index.php';
}
if ( $handrail_inside && is_file( $handrail_file ) && ! str_ends_with( $handrail_file, '.php' ) ) {
	if ( isset( $handrail_parts ) && $handrail_parts ) {
		$handrail_types = array( 'css' => 'text/css', 'js' => 'text/javascript', 'svg' => 'image/svg+xml' );
		header( 'Content-Type: ' . ( $handrail_types[ pathinfo( $handrail_file, PATHINFO_EXTENSION ) ] ?? 'application/octet-stream' ) );
		readfile( $handrail_file );
		return true;
	}
	return false; // PHP's server sends it.
}
if ( ! $handrail_inside || ! is_file( $handrail_file ) ) {
	$handrail_file = $handrail_root . '/index.php';
}
/* PHP's server logs files and nothing else: one line here when a script begins, one when it is about to end. */
$handrail_note = static function ( string $words ) use ( $handrail_root ): void {
	$what = $_SERVER['REQUEST_METHOD'] . ' ' . $_SERVER['REQUEST_URI'];
	$line = sprintf( "%s.%03d %d %s %s\n", gmdate( 'H:i:s' ), 1000 * fmod( microtime( true ), 1 ), getmypid(), $words, $what );
	file_put_contents( dirname( $handrail_root ) . '/requests.log', $line, FILE_APPEND );
};
$handrail_note( 'began' );
register_shutdown_function( static fn() => $handrail_note( (string) http_response_code() ) );

$_SERVER['SCRIPT_FILENAME'] = $handrail_file;
$_SERVER['SCRIPT_NAME']     = substr( $handrail_file, strlen( $handrail_root ) );
$_SERVER['PHP_SELF']        = $_SERVER['SCRIPT_NAME'];
chdir( dirname( $handrail_file ) );
require $handrail_file;
