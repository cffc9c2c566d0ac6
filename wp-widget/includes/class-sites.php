<?php
/**
 * Activation, deactivation and deletion, on one site or on all sites of a network.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Tables are made per site when they are first needed, so that a network of thousands is activated at once.
 */
final class Sites {

	private const PAGE = 100;

	/** Join in. */
	public static function hook(): void {
		register_activation_hook( FILE, array( Schema::class, 'ensure' ) );
		register_deactivation_hook( FILE, array( self::class, 'deactivate' ) );
		add_action( 'wp_initialize_site', array( self::class, 'on_new_site' ), 20 );
		add_filter( 'wpmu_drop_tables', array( self::class, 'add_table' ), 10, 2 );
	}

	/**
	 * Nothing of ours runs any more; what waits is kept.
	 *
	 * @param bool $is_network Whether for all sites.
	 */
	public static function deactivate( $is_network ): void {
		self::each( (bool) $is_network, array( self::class, 'unschedule' ) );
	}

	/** Take our jobs out of this site's cron. */
	public static function unschedule(): void {
		foreach ( array( Sender::CRON, Sender::TIDY, Indexing::CRON ) as $hook ) {
			wp_clear_scheduled_hook( $hook );
		}
	}

	/** The plugin is deleted: data goes only where a site has chosen that. */
	public static function uninstall(): void {
		self::each(
			is_multisite(),
			static function (): void {
				self::unschedule();
				if ( Settings::get( 'delete_on_uninstall' ) ) {
					Schema::remove();
				}
			}
		);
	}

	/**
	 * A network has a new site.
	 *
	 * @param \WP_Site $site The site.
	 */
	public static function on_new_site( \WP_Site $site ): void {
		$active = (array) get_site_option( 'active_sitewide_plugins', array() );
		if ( isset( $active[ plugin_basename( FILE ) ] ) ) {
			switch_to_blog( (int) $site->blog_id );
			Schema::ensure();
			restore_current_blog();
		}
	}

	/**
	 * A network deletes a site, and its tables with it.
	 *
	 * @param string[] $tables What goes.
	 * @param int      $id     The site's number.
	 * @return string[]
	 */
	public static function add_table( array $tables, $id ): array {
		switch_to_blog( (int) $id );
		$tables[] = Schema::events();
		restore_current_blog();
		return $tables;
	}

	/**
	 * Do something on this site, or on each.
	 *
	 * @param bool     $is_network Whether on each.
	 * @param callable $act        What.
	 */
	private static function each( bool $is_network, callable $act ): void {
		if ( ! $is_network || ! is_multisite() ) {
			$act();
			return;
		}
		for ( $offset = 0; ; $offset += self::PAGE ) {
			$ids = get_sites( array( 'fields' => 'ids', 'number' => self::PAGE, 'offset' => $offset ) );
			foreach ( $ids as $id ) {
				switch_to_blog( $id );
				$act();
				restore_current_blog();
			}
			if ( count( $ids ) < self::PAGE ) {
				return;
			}
		}
	}
}
