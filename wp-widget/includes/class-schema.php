<?php
/**
 * The queue's table: made and changed when its version is not the one that the code needs.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * One table for each site of a network.
 */
final class Schema {

	public const VERSION = '2';
	public const OPTION  = 'handrail_schema';

	/**
	 * The table's name on this site.
	 */
	public static function events(): string {
		global $wpdb;
		return $wpdb->prefix . 'handrail_events';
	}

	/**
	 * Make or change the table where needed; costs one autoloaded option otherwise.
	 */
	public static function ensure(): void {
		if ( self::VERSION === get_option( self::OPTION ) ) {
			return;
		}
		global $wpdb;
		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		$table   = self::events();
		$collate = $wpdb->get_charset_collate();
		dbDelta(
			"CREATE TABLE {$table} (
				id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
				event_id char(36) NOT NULL,
				event varchar(40) NOT NULL,
				subject varchar(64) NOT NULL,
				note varchar(64) NOT NULL DEFAULT '',
				actor varchar(120) NOT NULL DEFAULT '',
				occurred_at bigint(20) unsigned NOT NULL,
				state varchar(10) NOT NULL DEFAULT 'waiting',
				attempts int(10) unsigned NOT NULL DEFAULT 0,
				due_at bigint(20) unsigned NOT NULL,
				lease char(36) NOT NULL DEFAULT '',
				leased_until bigint(20) unsigned NOT NULL DEFAULT 0,
				reason text NULL,
				settled_at bigint(20) unsigned NOT NULL DEFAULT 0,
				PRIMARY KEY  (id),
				UNIQUE KEY event_id (event_id),
				KEY state_id (state, id),
				KEY subject_state (subject, state)
			) {$collate};"
		);
		update_option( self::OPTION, self::VERSION, true );
	}

	/**
	 * Drop the table and everything else that this site keeps.
	 */
	public static function remove(): void {
		global $wpdb;
		$wpdb->query( $wpdb->prepare( 'DROP TABLE IF EXISTS %i', self::events() ) );
		foreach ( array( self::OPTION, Settings::OPTION, Indexing::OPTION, Notices::OPTION, Circuit::OPTION, Connection::OPTION ) as $option ) {
			delete_option( $option );
		}
	}
}
