<?php
/**
 * Plugin Name:       Handrail
 * Plugin URI:        https://wordpress.org/plugins/handrail/
 * Description:       A support chat that answers from your own pages, says where it found it, and hands over to a person.
 * Version:           0.5.0
 * Requires at least: 6.3
 * Requires PHP:      8.0
 * Author:            The Handrail authors
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       handrail
 * Domain Path:       /languages
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

const VERSION = '0.5.0';
const FILE    = __FILE__;

spl_autoload_register(
	static function ( string $name ): void {
		if ( str_starts_with( $name, __NAMESPACE__ . '\\' ) ) {
			$file = str_replace( '_', '-', strtolower( substr( $name, strlen( __NAMESPACE__ ) + 1 ) ) );
			$path = __DIR__ . "/includes/class-$file.php";
			if ( is_readable( $path ) ) {
				require $path;
			}
		}
	}
);

// To add a part: write its class with a static hook(), add it here.
const PARTS = array(
	Sites::class,
	Post_Watcher::class,
	Media_Watcher::class,
	Order_Watcher::class,
	Sender::class,
	Indexing::class,
	Rest_Text::class,
	Routes::class,
	Widget::class,
	Notices::class,
	Privacy::class,
	Site_Health::class,
	Abilities::class,
	Admin::class,
);

foreach ( PARTS as $part ) {
	$part::hook();
}
